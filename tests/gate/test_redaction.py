"""Fifty kinds of secrets in every place that is read, and in nothing that is written."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from doctor.cli import main
from doctor.cli.options import BUILT_IN
from doctor.report.redact import HIDDEN, Redactor, redact
from tests.gate.secret_kinds import KINDS, LABELLED, MIXED, SHAPES, TRACE, Planted, letters

Capture = pytest.CaptureFixture[str]

HARNESSES = {
    "codex": "echo 'codex-cli 0.169.0'",
    "claude": "case \"$1\" in --version) echo '2.1.197 (Claude Code)' ;; auth) echo '{\"loggedIn\": true}' ;; esac",
    "opencode": "echo 1.18.33",
}
NAMEABLE = re.compile(r"[A-Za-z0-9][\w.-]{0,100}")
"""What can be the name of an agent, a profile or a skill."""


class World:
    """A project, a machine and an environment that are full of secrets.

    Args:
        root: Everything is below it.
        sound: Whether the policy can be read; else everything in it is wrong somehow, so that it is quoted.
        harnesses: Programs that are installed; where they are not, nothing is known of what would be started.
    """

    def __init__(self, root: Path, *, sound: bool, harnesses: Mapping[str, str] = HARNESSES) -> None:
        self.project = root / "project"
        self.home = root / "home"
        self.config = root / "config"
        self.programs = root / "bin"
        self.planted: list[Planted] = []
        self.variables: dict[str, str] = {}
        for directory in (self.home, self.programs, self.config / "profiles", self.project / ".metawsm" / "skills"):
            directory.mkdir(parents=True)
        for name in ("git", "sh", "tmux"):
            if (path := shutil.which(name)) is not None:
                (self.programs / name).symlink_to(path)
        for name, body in harnesses.items():
            (self.programs / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
            (self.programs / name).chmod(0o755)
        self.environment = self.secret_environment()
        self.write_machine(sound=sound)
        self.commit(self.policy("before", sound=True))
        self.write_policy(self.policy("after", sound=sound))
        self.approve()

    def plant(self, make: Callable[[str], Planted], place: str) -> Planted:
        """One secret, made for one place."""
        planted = make(place)
        self.planted.append(planted)
        return planted

    def text(self, place: str) -> str:
        """A text with every kind in it, and every variable's value, a line each."""
        lines = [f"Use {self.plant(make, place).text} for it." for make in KINDS]
        return "\n".join((*lines, *(f"Or {value}." for value in self.variables.values())))

    def value(self, place: str, number: int) -> str:
        """A value that only the name tells that it is given to."""
        value = letters(MIXED, 20, "value", place, str(number))
        self.planted.append(Planted("named value", value, value, None))
        return value

    def secret_environment(self) -> dict[str, str]:
        """Variables whose names say that they are secret."""
        endings = ("API_KEY", "TOKEN", "SECRET", "PASSWORD", "AUTH")
        self.variables = {f"VENDOR{at}_{endings[at % 5]}": self.value("environment", at) for at in range(10)}
        return {
            **self.variables,
            "HOME": str(self.home),
            "PATH": str(self.programs),
            "LANG": "C.UTF-8",
            **{f"DOCTOR_{name}_DIR": str(self.config.parent / name.lower()) for name in ("CONFIG", "STATE", "CACHE")},
            "DOCTOR_DISABLE_PLUGIN_AUTOLOAD": "1",
        }

    def write_machine(self, *, sound: bool) -> None:
        """Settings of the machine, and an active named profile."""
        urls = list(self.urls("machine", sound=sound))
        lines = [f"[endpoints.e{at}]\nurl = {json.dumps(url)}\n" for at, url in enumerate(urls)]
        (self.config / "machine.toml").write_text("\n".join(lines), encoding="utf-8")
        profile = [
            f"description = {json.dumps(self.text('profile description'))}",
            '[agent]\nmodel = "codex:gpt-5.5"',
            "[env]",
            *(f"{name} = {json.dumps(value)}" for name, value in self.named("profile").items()),
            *(
                f"[[llm_endpoints.endpoints]]\nname = 'p{at}'\nurl = {json.dumps(url)}"
                for at, url in enumerate(self.urls("profile", sound=sound))
            ),
        ]
        (self.config / "profiles" / "work.toml").write_text("\n".join(profile), encoding="utf-8")
        (self.config / "active-profile").write_text("work\n", encoding="utf-8")

    def urls(self, place: str, *, sound: bool = False) -> Iterator[str]:
        """Addresses with something in them that is nobody's business; sound ones have no user in them."""
        yield f"https://llm.example/v1?api_key={self.value(f'{place} url', 1)}"
        if not sound:
            yield f"https://deploy:{self.value(f'{place} url', 0)}@llm.example/v1"
            yield f"http://{self.value(f'{place} url', 2)}x@10.1.2.3/v1"
        for make in SHAPES:
            planted = self.plant(make, f"{place} url")
            if planted.text.isascii() and re.fullmatch(r"[\w.-]+", planted.text):
                yield f"https://llm.example/{planted.text}/v1"

    def named(self, place: str) -> dict[str, str]:
        """Variables: those with a telling name hold anything, the others what is known by its form."""
        told = {f"SHOP{at}_TOKEN": self.value(f"{place} variable", at) for at in range(len(LABELLED))}
        shaped = {f"SHOP_SETTING_{at}": self.plant(make, f"{place} variable").text for at, make in enumerate(SHAPES)}
        return {**told, **shaped}

    def skill(self, name: str, place: str) -> str:
        """Write a skill whose text and description hold every kind."""
        path = self.project / ".metawsm" / "skills" / name / "SKILL.md"
        path.parent.mkdir(exist_ok=True)
        described = json.dumps(self.text(f"{place} skill description"))
        path.write_text(f"---\nname: {name}\ndescription: {described}\n---\n{self.text(place)}\n", encoding="utf-8")
        return name

    def options(self, place: str) -> dict[str, Any]:
        """Options of a harness."""
        shaped = [self.plant(make, f"{place} argument").text for make in SHAPES]
        given = ["--api-key", self.value(f"{place} argument", 0), f"--auth-token={self.value(f'{place} argument', 1)}"]
        settings = json.dumps({"env": {"SHOP_TOKEN": self.value(f"{place} argument", 2)}})
        override = f'shell.set.DB_PASSWORD="{self.value(f"{place} argument", 3)}"'
        rest = [self.plant(make, f"{place} argument").text for make in LABELLED]
        arguments = [*given, "--settings", settings, "-c", override, *shaped, *rest]
        return {"extra_args": arguments, "env": self.named(place)}

    def policy(self, place: str, *, sound: bool) -> dict[str, Any]:
        """A policy with secrets in all of its texts."""
        named = [text for make in SHAPES if NAMEABLE.fullmatch(text := self.plant(make, f"{place} name").text)]
        skills = [self.skill("diary", f"{place} skill"), *named[:5]]
        profiles: list[dict[str, Any]] = [
            {
                "name": f"p{at}",
                "runner": runner,
                "base_prompt": self.text(f"{place} prompt {runner}"),
                "skills": skills,
                "runner_options": self.options(f"{place} {runner}"),
            }
            for at, runner in enumerate(HARNESSES)
        ]
        for profile in profiles:  # What is secret by its name is one wherever else it stands.
            profile["base_prompt"] = f"Use {profile['runner_options']['env']['SHOP1_TOKEN']}.\n{profile['base_prompt']}"
        variables = self.named(f"{place} shell")
        command = f"run it {variables['SHOP2_TOKEN']}\n{self.text(f'{place} command')}"
        shell = {"command": command, "env": variables}
        profiles.append({"name": named[5], "runner": "shell", "runner_options": shell})
        repositories = [
            {"name": f"d{at}", "base_url": url, "repo": "shop"} for at, url in enumerate(self.urls(f"{place} docs"))
        ]
        policy = {
            "version": 2,
            "docs": {"api": {"repo_endpoints": repositories}},
            "forum": {"redis": {"url": f"redis://:{self.value(f'{place} redis', 0)}@redis.example/0"}},
            "git_pr": {"test_commands": [self.text(f"{place} test command")]},
            "operator": {"llm": {"command": self.text(f"{place} operator")}},
            "doctor": {"ignore": {"ENV": {"reason": self.text(f"{place} reason"), "until": "2031-01-31"}}},
            "agent_profiles": profiles,
            "agents": [{"name": f"a{at}", "profile": each["name"]} for at, each in enumerate(profiles)]
            + [{"name": text, "profile": "p0"} for text in named[6:9]],
        }
        return policy if sound else self.broken(policy, place)

    def broken(self, policy: dict[str, Any], place: str) -> dict[str, Any]:
        """The same policy with a secret wherever something else is expected, so that messages quote it."""
        texts = [self.plant(make, f"{place} mistake").text for make in KINDS]
        each = iter(texts * 3)
        policy["git_pr"] |= {"mode": next(each), "required_checks": texts}
        policy["workspace"] = {"default_strategy": next(each), "base_branch": next(each)}
        policy["health"] = {"idle_seconds": next(each)}
        policy["tmux"] = {"socket": next(each), "sesion_pattern": next(each)}
        policy["orchestrator"] = {"runtime_backend": next(each), "runtime_profile": {"stages": {"execute": next(each)}}}
        policy["doctor"] |= {"fail_on": next(each), "harness": {"codex": next(each), next(each): ">=1"}}
        policy["doctor"]["ignore"]["SKL"] = {"reason": 3, "until": next(each)}
        policy["agents"] += [{"name": f"b{at}", "profile": text} for at, text in enumerate(texts)]
        policy["agents"] += [{"name": f"c{at}", "profile": "p0", "stage": text} for at, text in enumerate(texts)]
        policy["agent_profiles"] += [{"name": f"q{at}", "runner": text} for at, text in enumerate(texts)]
        policy["agent_profiles"] += [{"name": text, "runner": "codex", "basePrompt": text} for text in texts]
        policy |= {text: text for text in texts}
        return policy

    def write_policy(self, policy: Mapping[str, Any]) -> None:
        text = json.dumps(policy, indent=1)
        (self.project / ".metawsm" / "policy.json").write_text(text, encoding="utf-8")

    def commit(self, policy: Mapping[str, Any]) -> None:
        """Commit a policy to the main branch."""
        self.write_policy(policy)
        own = {**self.environment, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false")
        for step in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "before")):
            argv = ["git", "-C", str(self.project), *identity, *step]
            subprocess.run(argv, env=own, check=True, capture_output=True, timeout=60)

    def approve(self) -> None:
        """Record an approval that fits nothing, with a reason."""
        why = json.dumps(self.text("approval"))
        text = f'[[approval]]\nfingerprint = "{"0" * 16}"\nwho = "ada"\nwhy = {why}\nuntil = "2031-01-31"\n'
        (self.project / ".metawsm" / "approvals.toml").write_text(text, encoding="utf-8")

    def make_stale(self, baseline: Path) -> None:
        """Add an entry to a baseline that no finding needs; what it was about is told."""
        document: dict[str, Any] = {"baseline": 1, "findings": []}
        if baseline.is_file():
            document = json.loads(baseline.read_text(encoding="utf-8"))
        entry = {"code": "SKL001", "severity": "error", "fingerprint": "0" * 16}
        document["findings"].append({**entry, "subject": self.text("stale"), "affects": [self.text("stale affects")]})
        baseline.write_text(json.dumps(document), encoding="utf-8")

    def seen(self, text: str) -> set[tuple[str, str]]:
        """The secrets of which some piece stands in a text, however it is broken into lines, escaped or quoted."""
        joined = re.sub(r"\s+", "", text)
        whole = {text, joined, unescape(joined), joined.replace("\\", ""), unquote(joined)}
        pieces = {each[at : at + TRACE] for each in whole for at in range(len(each))}
        return {(each.kind, each.value) for each in self.planted if not pieces.isdisjoint(each.traces)}


@pytest.fixture(params=["sound", "broken", "bare"])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """The current directory is a project full of secrets."""
    harnesses = {} if request.param == "bare" else HARNESSES
    made = World(tmp_path, sound=request.param != "broken", harnesses=harnesses)
    for name in os.environ:
        if not name.startswith(("DOCTOR_TEST_", "PYTEST_")):
            monkeypatch.delenv(name)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(made.project)
    return made


CHECKS = [["check", "--format", name, *more] for name in BUILT_IN for more in ([], ["--verbose"])]
COMMANDS = [
    *CHECKS,
    ["check", "--color", "always"],
    ["validate", ".metawsm/policy.json", "../config/profiles/work.toml", "../config/machine.toml", "--verbose"],
    *(["compare", "main", "--deny", "looser", "--format", name] for name in ("table", "markdown", "json")),
    ["compare", "main", "--verbose"],
    *(["fix", "--format", name] for name in ("table", "json")),
    *(["baseline", "write", "{out}", "--format", name] for name in ("table", "json")),
    ["check", "--baseline", "{known}", "--format", "json"],
    ["check", "--baseline", "{known}", "--format", "plain"],
    ["check", "--baseline", "{junk}"],
    ["verify", "{junk}", "--format", "json"],
    ["compare", "main", "--approvals", "{junk}"],
    ["check", "--locked", "--format", "plain"],
    ["validate", "{junk}", "--as", "profile"],
    *(["lock", "--force", "--format", name] for name in ("table", "json")),
    ["attest"],
    ["attest", "--output", "{out}"],
    *(["report", "{out}", "--format", name] for name in ("markdown", "json")),
    *(["profile", "show", "--format", name] for name in ("table", "json")),
    *(["profile", "list", "--format", name] for name in ("table", "json")),
    *(["endpoint", "list", "--format", name] for name in ("table", "json")),
    *(["launch", "--dry-run", "--format", name] for name in ("table", "json")),
]


def written(world: World, before: Mapping[Path, bytes]) -> str:
    """What stands in files that were not there before, or were changed."""
    now = files(world)
    return "\n".join(
        f"{path.name}\n{content.decode('utf-8', 'replace')}"
        for path, content in now.items()
        if before.get(path) != content
    )


def files(world: World) -> dict[Path, bytes]:
    """Every file of the world."""
    root = world.project.parent
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts}


def outcome(arguments: list[str], world: World, capsys: Capture) -> str:
    """Everything that a command leaves: stdout, stderr and files."""
    places = {name: str(world.project / f"{name}.json") for name in ("out", "known", "junk")}
    if "{known}" in arguments:
        main(["baseline", "write", places["known"]])
        world.make_stale(Path(places["known"]))
    if "{junk}" in arguments or "--locked" in arguments:
        junk = json.dumps({text: text for text in world.text("junk").splitlines()}, indent=1)
        Path(places["junk"]).write_text(junk, encoding="utf-8")
        (world.project / ".metawsm" / "doctor.lock").write_text(junk, encoding="utf-8")
    before = files(world)
    capsys.readouterr()
    exit_code = main([argument.format_map(places) if "{" in argument else argument for argument in arguments])
    out, err = capsys.readouterr()
    assert exit_code in {0, 1, 2}, err
    assert "internal error" not in err
    return "\n".join((out, err, written(world, before)))


def test_there_are_fifty_kinds() -> None:
    assert (len(KINDS), len({make("x").kind for make in KINDS})) == (50, 50)


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make("x").kind)
@pytest.mark.parametrize("frame", ["{}", "Use {} for it.", "x ({}), y", "'{}'", "> {}\n", '{{"a": "{}"}}', "`{}`."])
def test_a_kind_is_hidden_and_what_names_it_stays(make: Callable[[str], Planted], frame: str) -> None:
    planted = make("alone")
    text = redact(frame.format(planted.text))
    assert [trace for trace in planted.traces if trace in text] == []
    assert HIDDEN in text
    assert (planted.name or "") in text


@pytest.mark.parametrize("make", KINDS, ids=lambda make: make("x").kind)
@pytest.mark.parametrize("depth", [1, 2])
def test_a_kind_is_hidden_in_a_text_that_is_quoted_in_another(make: Callable[[str], Planted], depth: int) -> None:
    planted = make("quoted")
    text = f"Use {planted.text} for it."
    for _ in range(depth):
        text = json.dumps(text)
    assert [trace for trace in planted.traces if trace in redact(text)] == []


@pytest.mark.slow
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_no_command_lets_a_secret_out(arguments: list[str], world: World, capsys: Capture) -> None:
    assert world.seen(outcome(arguments, world, capsys)) == set()


@pytest.mark.slow
@pytest.mark.parametrize("arguments", CHECKS, ids=" ".join)
@pytest.mark.parametrize("world", ["sound"], indirect=True)
def test_the_names_of_variables_stay(arguments: list[str], world: World, capsys: Capture) -> None:
    assert "SHOP_SETTING_3" in unescape(outcome(arguments, world, capsys))


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("world", ["broken"], indirect=True)
def test_it_is_the_redactor_that_hides_them(
    name: str, world: World, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Redactor, "__call__", lambda _, text: text)
    assert len(world.seen(outcome(["check", "--format", name], world, capsys))) > 10


@pytest.mark.slow
def test_no_secret_is_let_out_by_pytest(world: World) -> None:
    argv = [sys.executable, "-Im", "pytest", "-p", "no:cacheprovider", "--doctor", "-rA", "-vv", "--junitxml=j.xml"]
    load = (
        "import sys, pytest, importlib.metadata as m;"
        "known = m.entry_points(group='pytest11', name='harness_doctor');"
        "sys.exit(pytest.main(sys.argv[1:] + ([] if known else ['-p', 'doctor.pytest_plugin'])))"
    )
    completed = subprocess.run(
        [sys.executable, "-Ic", load, *argv[3:]],
        cwd=world.project,
        env=world.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    junit = (world.project / "j.xml").read_text(encoding="utf-8")
    assert completed.returncode == pytest.ExitCode.TESTS_FAILED, completed.stdout + completed.stderr
    assert world.seen(completed.stdout + completed.stderr + junit) == set()
