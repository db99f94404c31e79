"""A prompt reaches every harness byte for byte, whichever way it takes."""

import hashlib
import os
import string
import sys
from typing import Any

import pytest

from tests.e2e.bench import STAND_IN, Bench, Received

HARD = f"""Printable: {string.printable.replace(chr(11), "").replace(chr(12), "")}
'single' "double" `touch backtick` $(touch dollar) ${{HOME}} $HOME %s %(x)s \\n \\\\ !! ~ * ? [a-z]
{{prompt}} {{launch}} #{{pane_id}} #(touch format) ; & | > < ; tmux kill-server ;
 leading and trailing blanks \t
naïve 漢字 🩺 \u00a0 \u200b e\u0301 --help -- -x @file /quit

"""
"""What shells, tmux, terminals and templates would each make something else of."""

PROMPTS = {"short": HARD, "200 kB": HARD + "".join(f"{number:>7}: {HARD[:70]}\n" for number in range(2500))}


def test_the_long_prompt_is_as_long_as_it_says() -> None:
    assert len(PROMPTS["200 kB"].encode()) > 200_000


def arrived(spec: dict[str, Any], received: Received, wanted: bytes) -> bytes | None:
    """The prompt as a harness would read it, by the way that the spec says it takes; ``wanted`` is one argument."""
    prompt = spec["prompt"]
    path = os.fsencode(prompt["path"])
    match prompt["delivery"]:
        case "argv":
            return next((each for each in received.argv if each == wanted), None)
        case "stdin":
            return received.stdin
        case "file":
            return received.prompt_file if path in received.argv else None
        case "pointer":
            return received.prompt_file if any(path in each for each in received.argv) else None
    return None


@pytest.mark.parametrize("size", PROMPTS)
@pytest.mark.parametrize("mode", ["headless", "interactive"])
def test_a_prompt_reaches_every_harness_byte_for_byte(bench: Bench, mode: str, size: str) -> None:
    bench.log_in()
    runners = bench.install_all()
    bench.policy([{"name": runner, "runner": runner, "prompt": PROMPTS[size]} for runner in runners])
    arguments = ["--interactive"] if mode == "interactive" else []
    by_harness = {spec["agent"]: spec for spec in bench.ask("launch", "--dry-run", *arguments)["specs"]}
    untyped = {name: spec for name, spec in by_harness.items() if spec["prompt"]["delivery"] != "typed"}

    chosen = [word for name in untyped for word in ("--agent", name)]
    processes = bench.ask("launch", *arguments, *chosen, "--wait")["processes"]

    got = {each["agent"]: bench.received(each["process_id"]) for each in processes}
    wanted = PROMPTS[size].encode()
    found = {name: arrived(spec, got[name], wanted) == wanted for name, spec in untyped.items()}
    assert found == dict.fromkeys(untyped, True)
    assert {each["receipt"] for each in processes} <= {"delivered", "unconfirmed"}
    assert set(by_harness) == set(runners)
    assert not list(bench.root.glob("**/touch*"))


def test_a_prompt_is_kept_with_its_hash_for_whoever_audits_it(bench: Bench) -> None:
    bench.log_in()
    bench.install("codex")
    bench.policy([{"name": "bob", "runner": "codex", "prompt": HARD}])
    [process] = bench.ask("launch", "--wait")["processes"]
    folder = bench.metawsm / "launches" / process["spec_id"]
    [spec] = bench.ask("launch", "--dry-run")["specs"]
    content = (folder / "prompt.md").read_bytes()
    assert (content, hashlib.sha256(content).hexdigest()) == (HARD.encode(), spec["prompt"]["sha256"])
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*") if path.is_file()} == {0o600}


def test_a_task_a_ticket_and_the_skills_follow_the_base_prompt(bench: Bench) -> None:
    bench.log_in()
    bench.install("codex")
    skill = bench.metawsm / "skills" / "diary" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: diary\ndescription: Keeps the diary.\n---\n\nWrite it.\n", encoding="utf-8")
    bench.policy([{"name": "bob", "runner": "codex", "prompt": "Base.", "skills": ["diary"]}])
    answer = bench.run("launch", "--wait", "--ticket", "T-1", "--prompt-file", "-", stdin="The task.\n")
    assert answer.returncode == 0, answer.stderr
    [process] = bench.ps("--all")
    text = (bench.metawsm / "launches" / process["spec_id"] / "prompt.md").read_text(encoding="utf-8")
    places = [text.index(part) for part in ("Base.", "The task.", "T-1", "diary", str(skill), "Keeps the diary.")]
    assert places == sorted(places)
    copies = list((bench.metawsm / "launches" / process["spec_id"] / "skills").rglob("SKILL.md"))
    assert [copy.read_bytes() for copy in copies] == [skill.read_bytes()]


def test_a_shell_finds_the_prompt_in_a_file(bench: Bench) -> None:
    command = f"exec {sys.executable} -I {STAND_IN}"
    bench.policy([{"name": "bob", "runner": "shell", "command": command, "prompt": HARD}])
    [process] = bench.ask("launch", "--wait")["processes"]
    assert bench.received(process["process_id"]).prompt_file in {HARD.encode(), b""}
