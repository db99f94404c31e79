"""The documents of the commands about settings, by their published contracts."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from doctor.cli.commands import COMMANDS
from doctor.config.paths import Paths
from doctor.config.settings_schemas import settings_schemas
from doctor.exit_codes import ExitCode
from doctor.report.json_format import dumps
from doctor.report.launch_json import failed_json
from doctor.report.settings_json import (
    difference_json,
    endpoints_json,
    imports_json,
    profiles_json,
    setup_json,
    several_json,
    shown_json,
    used_json,
    verdicts_json,
    written_json,
)
from doctor.settings.importing import ImportedProfile, Imports
from doctor.settings.init import PlannedFile, Setup
from doctor.settings.results import (
    Change,
    Daemon,
    Difference,
    EndpointEntry,
    EndpointVerdict,
    ProfileEntry,
    Shadow,
    Shown,
    Source,
    Used,
    Value,
    Written,
)
from doctor.settings.wg_profile import Note

PATHS = Paths(config_dir=Path("/c"), state_dir=Path("/s"), cache_dir=Path("/k"))
SECRET = "hunter2-hunter2"
WELL = {"ok": True, "exit_code": 0, "error": None}
FILE = Source(kind="profile", path="/c/profiles/codex.toml", line=3)
MODEL = Value(
    key="agent.model",
    value="codex:gpt-5.5",
    source=Source(kind="env"),
    shadows=(Shadow(value="codex:gpt-5.4-mini", source=FILE),),
)
SHOWN_MODEL = {
    "key": "agent.model",
    "value": "codex:gpt-5.5",
    "source": {"kind": "env", "path": None, "line": None},
    "shadows": [
        {"value": "codex:gpt-5.4-mini", "source": {"kind": "profile", "path": "/c/profiles/codex.toml", "line": 3}}
    ],
}
CHANGE = Change(key="tiers.fast", before=None, after="claude:haiku")
SHOWN_CHANGE = {"key": "tiers.fast", "before": None, "after": "claude:haiku"}
DAEMONS = (
    Daemon(pid=7, ok=True, error=None, values={"agent.model": "codex:gpt-5.5", "env.API_TOKEN": "t-1"}),
    Daemon(pid=8, ok=False, error=f"it said {SECRET}", values={}),
)
SHOWN_DAEMONS = [
    {"pid": 7, "ok": True, "error": None, "values": {"agent.model": "codex:gpt-5.5", "env.API_TOKEN": "[redacted]"}},
    {"pid": 8, "ok": False, "error": "it said [redacted]", "values": {}},
]
WRITTEN = Written(name="attic", path="/c/profiles/attic.toml", changes=(CHANGE,), daemons=DAEMONS)
SHOWN_WRITTEN = {
    "name": "attic",
    "path": "/c/profiles/attic.toml",
    "changes": [SHOWN_CHANGE],
    "daemons": SHOWN_DAEMONS,
}


def checked(name: str, document: dict[str, Any]) -> dict[str, Any]:
    """The document that is printed, after asking its schema."""
    schema = settings_schemas(schema_id="urn:x:", dialect="https://json-schema.org/draft/2020-12/schema")[name]
    printed: dict[str, Any] = json.loads(dumps(document))
    jsonschema.Draft202012Validator(schema).validate(printed)
    assert printed.pop("schema_version") == 1
    return printed


def test_a_list_says_which_profile_is_active() -> None:
    entries = (
        ProfileEntry(name="mine", kind="user", active=True, description=SECRET, path="/c/mine.toml", ok=True),
        ProfileEntry(name="codex", kind="starter", active=False, description="", path=None, ok=False, problem="bad"),
    )
    assert checked("profile-list", profiles_json(entries, (SECRET,))) == {
        "active": "mine",
        "profiles": [
            {
                "name": "mine",
                "kind": "user",
                "active": True,
                "description": "[redacted]",
                "path": "/c/mine.toml",
                "ok": True,
                "problem": None,
            },
            {
                "name": "codex",
                "kind": "starter",
                "active": False,
                "description": "",
                "path": None,
                "ok": False,
                "problem": "bad",
            },
        ],
        **WELL,
    }


def test_a_value_says_its_place_and_what_it_hides() -> None:
    shown = Shown(name=None, values=(MODEL,))
    assert checked("profile-show", shown_json(shown, ())) == {"name": None, "values": [SHOWN_MODEL], **WELL}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("env.API_TOKEN", "t-1", "[redacted]"),
        ("agents.bob.env.MY_KEY", "k", "[redacted]"),
        ("env.EDITOR", "vi", "vi"),
        ("endpoints.attic.key", "env:ATTIC_KEY", "env:ATTIC_KEY"),
        ("agent.model", SECRET, "[redacted]"),
        ("endpoints.attic.url", "https://ada:lovelace1@h/v1", "https://ada:[redacted]@h/v1"),
    ],
)
def test_references_leave_and_secrets_do_not(key: str, value: str, expected: str) -> None:
    shown = Shown(name="x", values=(Value(key=key, value=value, source=FILE),))
    [only] = checked("profile-show", shown_json(shown, (SECRET,)))["values"]
    assert only["value"] == expected


def test_a_difference_is_a_change_per_leaf() -> None:
    difference = Difference(a="claude", b="codex", changes=(CHANGE,))
    assert checked("profile-diff", difference_json(difference, ())) == {
        "a": "claude",
        "b": "codex",
        "changes": [SHOWN_CHANGE],
        **WELL,
    }


def test_a_switch_says_what_changes_what_is_hidden_and_who_follows() -> None:
    used = Used(previous=None, active="codex", changes=(CHANGE,), shadowed=(MODEL,), daemons=DAEMONS, scope="project")
    assert checked("profile-use", used_json(used, (SECRET,))) == {
        "previous": None,
        "active": "codex",
        "changes": [SHOWN_CHANGE],
        "shadowed": [SHOWN_MODEL],
        "daemons": SHOWN_DAEMONS,
        "scope": "project",
        **WELL,
    }


def test_what_was_written_is_told_alone_and_in_a_list() -> None:
    assert checked("setting", written_json(WRITTEN, (SECRET,))) == {**SHOWN_WRITTEN, **WELL}
    assert checked("settings", several_json((WRITTEN,), (SECRET,))) == {"profiles": [SHOWN_WRITTEN], **WELL}


def test_an_import_says_what_became_of_each_file() -> None:
    imports = Imports(
        profiles=(
            ImportedProfile(name="a", source="/w/a.toml", path="/c/a.toml"),
            ImportedProfile(name="b", source="/w/b.toml", path=None, problem=f"no {SECRET}"),
        ),
        notes=(Note(key="tui", message="has no meaning here", path="/w/a.toml", line=4),),
    )
    assert checked("profile-import", imports_json(imports, (SECRET,), exit_code=ExitCode.FINDINGS)) == {
        "profiles": [
            {"name": "a", "source": "/w/a.toml", "path": "/c/a.toml", "problem": None},
            {"name": "b", "source": "/w/b.toml", "path": None, "problem": "no [redacted]"},
        ],
        "notes": [{"key": "tui", "message": "has no meaning here", "path": "/w/a.toml", "line": 4}],
        "ok": False,
        "exit_code": 1,
        "error": None,
    }


def test_an_endpoint_says_where_its_key_is() -> None:
    entry = EndpointEntry(
        name="attic", url="http://h/v1", kind="openai", key="env:K", default=True, source=FILE, ok=True
    )
    assert checked("endpoint-list", endpoints_json((entry,), ())) == {
        "endpoints": [
            {
                "name": "attic",
                "url": "http://h/v1",
                "kind": "openai",
                "key": "env:K",
                "default": True,
                "source": {"kind": "profile", "path": "/c/profiles/codex.toml", "line": 3},
                "ok": True,
                "problem": None,
            }
        ],
        **WELL,
    }


def test_a_verdict_s_exit_code_is_the_command_s() -> None:
    verdict = EndpointVerdict(
        name="a", url="u", reachable=True, auth="no", model="unknown", detail=SECRET, duration_ms=1.23456
    )
    assert checked("endpoint-test", verdicts_json((verdict,), (SECRET,), exit_code=ExitCode.FINDINGS)) == {
        "endpoints": [
            {
                "name": "a",
                "url": "u",
                "reachable": True,
                "auth": "no",
                "model": "unknown",
                "detail": "[redacted]",
                "duration_ms": 1.235,
            }
        ],
        "ok": False,
        "exit_code": 1,
        "error": None,
    }


SCHEMAS = {
    "profile list": "profile-list",
    "profile show": "profile-show",
    "profile use": "profile-use",
    "profile diff": "profile-diff",
    "profile create": "setting",
    "profile init-starters": "settings",
    "profile import": "profile-import",
    "endpoint list": "endpoint-list",
    "endpoint set": "setting",
    "endpoint test": "endpoint-test",
    "init": "init",
}


@pytest.mark.parametrize(("command", "schema"), SCHEMAS.items())
def test_the_document_of_a_failure_meets_the_command_s_schema(command: str, schema: str) -> None:
    answer = COMMANDS[command].answer
    assert answer is not None
    document = checked(schema, failed_json(answer, "wrong", None, (), exit_code=ExitCode.USAGE))
    assert document["error"] == {"message": "wrong", "remedy": None}


def test_a_setup_says_which_files_were_written() -> None:
    files = (
        PlannedFile(path="/p/policy.json", what="policy", exists=True),
        PlannedFile(path="/c/codex.toml", what="named profile codex", exists=False, written=True, content=b"x"),
    )
    setup = Setup(route="codex", found="codex 0.169.0", paths=PATHS, files=files, steps=("log in",))
    assert checked("init", setup_json(setup, ())) == {
        "route": "codex",
        "files": [
            {"path": "/p/policy.json", "what": "policy", "exists": True, "written": False},
            {"path": "/c/codex.toml", "what": "named profile codex", "exists": False, "written": True},
        ],
        "found": "codex 0.169.0",
        "steps": ["log in"],
        **WELL,
    }
