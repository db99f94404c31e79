"""The hooks for pre-commit, run by pre-commit itself from a clone of this repository."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import captured
from tests.project.test_repository import FILES

CHECKOUT = Path(__file__).parents[2]
HOOKS: list[dict[str, Any]] = yaml.safe_load((CHECKOUT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

POLICY = """\
{
  "version": 2,
  "agent_profiles": [{"name": "p", "runner": "codex", "base_prompt": "Work.", "skills": ["diary", "of-this-home"]}],
  "agents": [{"name": "bob", "profile": "p"}]
}
"""
SOUND = {
    ".metawsm/policy.json": POLICY,
    ".metawsm/skills/diary/SKILL.md": "---\nname: diary\ndescription: What was done.\n---\nWrite it down.\n",
    ".metawsm/executors/coding.json": '{"type": "claude-code", "command": "claude"}\n',
    "profiles/attic.toml": '[agent]\nmodel = "codex:gpt-5.5"\n',
    "skills/README.md": "Nothing that an agent reads.\n",
    "README.md": "# A project\n",
}
BROKEN = {
    "doctor-policy": (".metawsm/policy.json", POLICY.replace('"agents"', '"agnets"'), "policy.json:4:3"),
    "doctor-profiles": ("profiles/attic.toml", '[agent]\nmodle = "codex:gpt-5.5"\n', "attic.toml:2:1"),
    "doctor-skills": (".metawsm/skills/diary/SKILL.md", "Write it down.\n", "SKILL.md:1:1"),
}
"""By hook: a file, what stands in it, and the place that is named."""

NO_INDEX = re.compile(r"No matching distribution|Could not find a version|ConnectionError|Max retries|ProxyError")


@pytest.mark.parametrize(
    ("path", "hooks"),
    [
        (".metawsm/policy.json", ["doctor-policy"]),
        ("apps/shop/.metawsm/policy.toml", ["doctor-policy"]),
        ("profiles/codex.toml", ["doctor-profiles"]),
        (".metawsm/executors/coding.json", ["doctor-profiles"]),
        (".metawsm/skills/diary/SKILL.md", ["doctor-skills"]),
        (".metawsm/skills/diary", ["doctor-skills"]),
        ("skills/README.md", []),
        ("policy.json", []),
        (".metawsm/launches/3/policy.json", []),
        ("profiles/deep/er.toml", []),
    ],
)
def test_each_hook_takes_the_files_that_it_is_for(path: str, hooks: list[str]) -> None:
    assert [hook["id"] for hook in HOOKS if re.search(hook["files"], path)] == hooks


def git(directory: Path, *arguments: str) -> None:
    """Run git there, without anybody's settings."""
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false")
    subprocess.run(
        ["git", "-C", str(directory), *identity, *arguments],
        env={**os.environ, **own},
        check=True,
        capture_output=True,
        timeout=60,
    )


def repository(directory: Path, files: Mapping[str, str]) -> Path:
    """A git repository with these files, committed."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    git(directory, "init", "--quiet", "--initial-branch", "main")
    git(directory, "add", "--all")
    git(directory, "commit", "--quiet", "--message", "as it is")
    return directory


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that is the same in every process of this run of the tests; pre-commit locks its own part of it."""
    base = tmp_path_factory.getbasetemp()
    directory = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "pre-commit"
    directory.mkdir(exist_ok=True)
    return directory


@pytest.fixture(scope="module")
def clone(shared: Path) -> Path:
    """What a commit of the working tree would be."""
    directory = shared / "clone"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not directory.exists():
            for name in FILES:
                (directory / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(CHECKOUT / name, directory / name)
            repository(directory, {})
    return directory


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, shared: Path) -> dict[str, str]:
    """A machine with pre-commit and no harness, whose own settings are broken; what pip is told stays."""
    home = tmp_path_factory.mktemp("home")
    (home / "config").mkdir()
    (home / "config" / "machine.toml").write_text("endpoints = 1\n", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    return {
        **kept,
        **proxies,
        "HOME": str(home),
        "PATH": os.pathsep.join((str(Path(sys.executable).resolve().parent), "/usr/bin", "/bin")),
        "LANG": "C.UTF-8",
        "PRE_COMMIT_HOME": str(shared / "pre-commit"),
        "PRE_COMMIT_COLOR": "never",
        "GIT_CONFIG_SYSTEM": os.devnull,
        "DOCTOR_CONFIG_DIR": str(home / "config"),
        "DOCTOR_RUNTIME": "nothing-that-exists",
    }


@pytest.fixture
def sample(tmp_path: Path, clone: Path) -> Path:
    """A repository that uses the hooks as the reference shows it, and in which nothing is wrong."""
    revision = subprocess.run(
        ["git", "-C", str(clone), "rev-parse", "HEAD"], capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()
    page = (CHECKOUT / "reference" / "ci.md").read_text(encoding="utf-8")
    [shown] = [text for text in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if ".pre-commit-config.yaml" in text]
    config = yaml.safe_load(shown)
    config["repos"][0] |= {"repo": str(clone), "rev": revision}
    return repository(tmp_path / "sample", {**SOUND, ".pre-commit-config.yaml": yaml.safe_dump(config)})


def pre_commit(sample: Path, environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pre-commit in a repository; skips where what the hooks need cannot be had."""
    argv = [sys.executable, "-Im", "pre_commit", *arguments]
    completed = captured(argv, cwd=sample, environment=environment, limit=600)
    if NO_INDEX.search(completed.stdout) and not {"CI", "DOCTOR_TEST_INSTALLED"} & os.environ.keys():
        pytest.skip(f"the package index cannot be reached: pre-commit {' '.join(arguments)}")
    return completed


@pytest.mark.slow
@pytest.mark.skipif(not FILES, reason="this is no git clone: run the tests in one")
@pytest.mark.skipif(shutil.which("git") is None, reason="needs git: apt-get install git")
class TestHooks:
    """One after the other they share the environment that pre-commit makes."""

    def test_the_manifest_is_one(self, sample: Path, environment: dict[str, str]) -> None:
        completed = pre_commit(sample, environment, "validate-manifest", str(CHECKOUT / ".pre-commit-hooks.yaml"))
        assert (completed.returncode, completed.stdout + completed.stderr) == (0, "")

    def test_they_pass_what_is_sound_on_a_machine_without_harnesses(
        self, sample: Path, environment: dict[str, str]
    ) -> None:
        completed = pre_commit(sample, environment, "run", "--all-files")
        assert completed.returncode == 0, completed.stdout + completed.stderr
        assert re.findall(r"(Passed|Failed|Skipped)", completed.stdout) == ["Passed"] * len(HOOKS)

    @pytest.mark.parametrize("hook", BROKEN)
    def test_what_is_wrong_stops_the_commit_and_is_told_with_its_place(
        self, hook: str, sample: Path, environment: dict[str, str]
    ) -> None:
        name, text, place = BROKEN[hook]
        (sample / name).write_text(text, encoding="utf-8")
        git(sample, "add", "--all")
        completed = pre_commit(sample, environment, "run")
        assert completed.returncode == 1
        assert place in completed.stdout
        assert re.findall(r"hook id: (\S+)", completed.stdout) == [hook]

    def test_a_skill_that_is_a_link_to_somewhere_else_is_refused(
        self, sample: Path, environment: dict[str, str], tmp_path: Path
    ) -> None:
        (tmp_path / "elsewhere").mkdir()
        shutil.copy(sample / ".metawsm/skills/diary/SKILL.md", tmp_path / "elsewhere")
        (sample / ".metawsm/skills/other").symlink_to(tmp_path / "elsewhere")
        git(sample, "add", "--all")
        completed = pre_commit(sample, environment, "run", "doctor-skills")
        assert completed.returncode == 1
        assert "SKL002" in completed.stdout

    def test_a_repository_can_try_them_without_a_configuration(
        self, sample: Path, environment: dict[str, str], clone: Path
    ) -> None:
        completed = pre_commit(sample, environment, "try-repo", str(clone), "doctor-policy", "--all-files")
        assert completed.returncode == 0, completed.stdout + completed.stderr
