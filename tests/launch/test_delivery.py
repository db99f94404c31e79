"""Every prompt reaches the harness byte for byte, whichever harness it is."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doctor.harness.registry import Registry, builtin_harnesses
from doctor.launch.environment import agent_environment
from doctor.launch.materialise import materialise
from doctor.model.spec import Delivery, LaunchSpec

MakeSpec = Callable[..., LaunchSpec]
Heard = Callable[[], dict[str, Any]]

REGISTRY = Registry(builtin_harnesses())
IDS = [harness.id for harness in REGISTRY.harnesses if harness.needs_prompt]
POINTER = re.compile(r"Your instructions are in the file (?P<path>.*)\. Read all of it first, then carry it out\.")

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
ODD = (
    "'single' \"double\" `backtick` $(touch pwned) ${HOME} $HOME #{pane_id} #(touch pwned) ; && | "
    "\\ \\\\ \\n %s %% !! ~ "
    "{prompt} {prompt_file} {launch} \t tab \r\n carriage return \x1b[31m escape \x07 bell \x7f "
    "é ß 漢字 العربية 🙂 e\u0301 \u200b\u2028\ufeff ends with ; "
)
EVERYTHING = f"{PRINTABLE}\n{ODD}\n"
LONG = (EVERYTHING * (200_000 // len(EVERYTHING.encode()) + 1)) + "the end\n\n"

LONG_ROUTES = {
    "codex": Delivery.STDIN,
    "claude_code": Delivery.STDIN,
    "opencode": Delivery.STDIN,
    "gemini": Delivery.STDIN,
    "hermes": Delivery.POINTER,
    "omx": Delivery.STDIN,
    "qwen": Delivery.STDIN,
    "copilot": Delivery.STDIN,
    "pi": Delivery.STDIN,
    "amp": Delivery.STDIN,
    "aider": Delivery.FILE,
    "goose": Delivery.FILE,
    "crush": Delivery.STDIN,
}
TYPED = {"hermes", "amp", "aider", "goose", "crush"}
"""Interactive starts that take no prompt on their command line."""


def run(spec: LaunchSpec, directory: Path) -> None:
    """Start a spec as an executor does; a line to type comes in on standard input."""
    materialise(spec, directory)
    stdin = Path(spec.prompt.path) if spec.prompt.delivery is Delivery.STDIN else Path(os.devnull)
    if spec.prompt.typed is not None:
        stdin = directory / "typed"
        stdin.write_text(spec.prompt.typed)
    environment = agent_environment(spec, {"PATH": os.environ["PATH"], "HOME": str(directory)})
    with stdin.open("rb") as file:
        subprocess.run(spec.argv, cwd=spec.cwd, env=environment.values, stdin=file, check=True, timeout=60)


def arrived(heard: dict[str, Any], spec: LaunchSpec) -> bytes:
    """The prompt as the harness got it."""
    delivery = spec.prompt.delivery
    if delivery is Delivery.STDIN:
        content: bytes = heard["stdin"]
        return content
    if delivery is Delivery.ARGV:
        [place] = (place for place, each in enumerate(spec.argv) if each == spec.prompt.text)
        return str(heard["argv"][place]).encode()
    if delivery is Delivery.FILE:
        return Path(next(each for each in heard["argv"] if each.endswith("/prompt.md"))).read_bytes()
    spoken = heard["stdin"].decode() if delivery is Delivery.TYPED else " ".join(heard["argv"])
    found = POINTER.search(spoken)
    assert found is not None
    return Path(found["path"]).read_bytes()


@pytest.mark.parametrize("interactive", [False, True], ids=["headless", "interactive"])
@pytest.mark.parametrize("runtime_id", IDS)
def test_200_kilobytes_of_every_character_arrive_unchanged(
    make_spec: MakeSpec, heard: Heard, project: Path, runtime_id: str, interactive: bool
) -> None:
    spec = make_spec(runtime_id, base=LONG, interactive=interactive)
    run(spec, project / ".metawsm")

    assert arrived(heard(), spec) == LONG.encode()
    assert heard()["cwd"] == str(project)
    assert not (project / "pwned").exists()


@pytest.mark.parametrize("interactive", [False, True], ids=["headless", "interactive"])
@pytest.mark.parametrize("runtime_id", IDS)
def test_a_short_prompt_of_every_character_arrives_unchanged(
    make_spec: MakeSpec, heard: Heard, project: Path, runtime_id: str, interactive: bool
) -> None:
    spec = make_spec(runtime_id, base=EVERYTHING, interactive=interactive)
    run(spec, project / ".metawsm")

    assert arrived(heard(), spec) == EVERYTHING.encode()


@pytest.mark.parametrize("runtime_id", IDS)
@pytest.mark.parametrize(
    "prompt", ["-x --yolo now", "--help", "exec", "@notes.md and more", "\ufeff", "\u200b", "{launch}/x y"]
)
def test_what_looks_like_something_else_arrives_as_a_prompt(
    make_spec: MakeSpec, heard: Heard, project: Path, runtime_id: str, prompt: str
) -> None:
    spec = make_spec(runtime_id, base=prompt)
    run(spec, project / ".metawsm")

    assert arrived(heard(), spec) == spec.prompt.text.encode()


@pytest.mark.parametrize("runtime_id", LONG_ROUTES)
def test_a_long_prompt_takes_the_route_that_its_harness_has(make_spec: MakeSpec, runtime_id: str) -> None:
    assert make_spec(runtime_id, base=LONG).prompt.delivery is LONG_ROUTES[runtime_id]


@pytest.mark.parametrize("runtime_id", LONG_ROUTES)
def test_a_terminal_on_standard_input_brings_no_prompt(make_spec: MakeSpec, runtime_id: str) -> None:
    expected = Delivery.TYPED if runtime_id in TYPED else Delivery.POINTER

    assert make_spec(runtime_id, base=LONG, interactive=True).prompt.delivery is expected


@pytest.mark.parametrize("runtime_id", LONG_ROUTES)
def test_a_short_prompt_stands_in_argv_except_where_it_would_be_altered_there(
    make_spec: MakeSpec, runtime_id: str
) -> None:
    expected = Delivery.STDIN if runtime_id == "opencode" else Delivery.ARGV

    assert make_spec(runtime_id, base="do it all").prompt.delivery is expected


def test_a_typed_line_is_one_line_that_names_the_file(make_spec: MakeSpec) -> None:
    spec = make_spec("hermes", base="first\nsecond", interactive=True)

    assert spec.prompt.typed == (
        f"Your instructions are in the file {spec.prompt.path}. Read all of it first, then carry it out."
    )
    assert spec.prompt.typed not in spec.argv


def test_a_shell_finds_its_prompt_in_a_file_only(make_spec: MakeSpec) -> None:
    spec = make_spec("shell", base="do it", request={"options": {"command": "echo {prompt}"}})

    assert spec.prompt.delivery is Delivery.NONE
    assert spec.prompt.text == "do it"
    assert spec.argv[1:] == ("-c", "echo {prompt}")
