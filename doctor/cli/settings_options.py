"""The options of the commands about settings, as data."""

from types import NoneType
from typing import Any

from doctor.cli import options
from doctor.cli.options import Option

ROUTES = ("codex", "claude", "local")
KINDS = ("openai", "anthropic", "gemini")

CLEAR = Option(("--clear",), "go back to none")
PROJECT = Option(("--project",), "for this project only, instead of for this machine")
NO_RELOAD = Option(("--no-reload",), "tell no running process of it")
MODEL = Option(("-m", "--model"), "its model, PREFIX:MODEL such as codex:gpt-5.5", metavar="MODEL")
URL = Option(("-e", "--endpoint"), "URL of the endpoint that it brings along", metavar="URL")
FROM = Option(
    ("--from",), "profile or starter that it is a copy of", metavar="NAME", dest="source", candidates="starters"
)
DESCRIPTION = Option(("--description",), "one line for lists", metavar="TEXT")
REPLACE = Option(("--force",), "replace the one that is there")
DELETE_ACTIVE = Option(("--force",), "delete it even where it is active, and go back to none")
KIND = Option(("--kind",), "which API it speaks (default: openai)", choices=KINDS)
KEY_ENV = Option(("--key-env",), "variable that holds its key", metavar="NAME")
DEFAULT = Option(("--default",), "use it where no endpoint is named")
DEEP = Option(("--deep",), "also have it answer with one token, which it may charge for")
ROUTE = Option(("--route",), "what is to run agents (default: what is found on this machine)", choices=ROUTES)
ONCE = Option(("--once",), "check once, and end with its exit code")

SHOWING = (options.LIST_FORMAT, options.COLOR, options.VERBOSE, options.POLICY, options.CWD)
WRITTEN: tuple[tuple[str, type[Any]], ...] = (
    ("name", NoneType),
    ("path", NoneType),
    ("changes", list),
    ("daemons", list),
)
"""What a command answers that changes one thing."""
