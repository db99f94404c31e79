import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from doctor.errors import UsageError
from doctor.gate.comparing.git_tree import find_repository
from tests.gate.comparing.conftest import SKILL, Repository, classes, policy_of

FREED = {"extra_args": ["--yolo"]}
LOOSER = {"agent bob permissions": "looser", "agent bob sandbox": "looser"}


@pytest.fixture
def changed(repository: Repository) -> Repository:
    """Two commits, the second of which bypasses approvals."""
    repository.commit({".metawsm/policy.json": policy_of()})
    repository.commit({".metawsm/policy.json": policy_of(runner_options=FREED)})
    return repository


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory in which temporary ones are made."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


def test_two_revisions_are_compared_without_a_checkout(changed: Repository, temporary: Path) -> None:
    status = changed.git("status", "--porcelain")
    comparison = changed.compare("HEAD~1", "HEAD")
    assert classes(comparison) == LOOSER
    assert (comparison.base.kind, comparison.base.commit) == ("revision", changed.git("rev-parse", "HEAD~1").strip())
    assert changed.git("status", "--porcelain") == status
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("name", ["main", "HEAD@{0}", "v1", "refs/heads/main"])
def test_a_revision_may_have_any_name_that_git_knows(changed: Repository, name: str) -> None:
    changed.git("tag", "v1")
    assert changed.compare(name).changes == ()


@pytest.mark.parametrize(
    "name", ["--upload-pack=x", "-n", "--output=/tmp/x", "no-such", "", "main\n", "HEAD:.metawsm", "rev:-x", "a\0b"]
)
def test_what_is_no_revision_is_refused(changed: Repository, name: str, temporary: Path) -> None:
    with pytest.raises(UsageError, match="no revision"):
        changed.compare(name)
    assert list(temporary.iterdir()) == []


def test_nothing_of_what_was_laid_out_is_left_where_a_side_is_broken(repository: Repository, temporary: Path) -> None:
    repository.commit({".metawsm/policy.json": "{"})
    comparison = repository.compare()
    assert (comparison.exit_code, str(comparison.verdict)) == (2, "looser")
    assert {finding.code for finding in comparison.findings} == {"POL001"}
    assert list(temporary.iterdir()) == []


def test_a_finding_of_a_revision_names_no_temporary_place(repository: Repository, temporary: Path) -> None:
    repository.commit({".metawsm/policy.json": policy_of(), ".metawsm/policy.toml": "version = 2\n"})
    (repository.root / ".metawsm/policy.toml").unlink()
    comparison = repository.compare()
    [finding] = comparison.findings
    assert str(temporary) not in repr(finding)
    assert finding.subject == "HEAD: policy.toml"
    assert finding.location is not None
    assert finding.location.path == ".metawsm/policy.toml"


def test_directories_are_compared(tmp_path: Path, repository: Repository) -> None:
    for name, options in (("a", {}), ("b", FREED)):
        repository.write(f"{name}/.metawsm/policy.json", policy_of(runner_options=options))
    assert classes(repository.compare("a", "b")) == LOOSER


def test_files_are_compared(repository: Repository) -> None:
    repository.write("old.json", policy_of())
    repository.write("new.json", policy_of(runner_options=FREED))
    assert classes(repository.compare("old.json", "new.json")) == LOOSER


def test_named_profiles_are_compared(repository: Repository) -> None:
    endpoint = '[[llm_endpoints.endpoints]]\nname = "a"\nurl = "{}"\n'
    repository.write("old.toml", 'agent.model = "codex:gpt-5.5"\n' + endpoint.format("https://a.example"))
    repository.write("new.toml", 'agent.model = "codex:gpt-6"\n' + endpoint.format("http://a.example"))
    assert classes(repository.compare("old.toml", "new.toml")) == {
        "named profile llm_endpoints.endpoints": "looser",
        "named profile agent.model": "different",
    }


def test_a_profile_is_not_compared_with_a_policy(repository: Repository) -> None:
    repository.write("old.toml", 'agent.model = "codex:gpt-5.5"\n')
    with pytest.raises(UsageError, match="named profile"):
        repository.compare("old.toml")


def test_a_name_that_is_a_revision_and_a_directory_is_refused(changed: Repository) -> None:
    changed.git("tag", "both", "HEAD~1")
    (changed.root / "both").mkdir()
    with pytest.raises(UsageError, match="a file or directory too"):
        changed.compare("both")
    assert classes(changed.compare("rev:both")) == LOOSER
    assert changed.compare("./both").base.kind == "directory"


def test_two_directories_are_compared_without_git(repository: Repository, tmp_path: Path) -> None:
    for name, options in (("a", {}), ("b", FREED)):
        repository.write(f"{name}/.metawsm/policy.json", policy_of(runner_options=options))
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {**repository.environment, "PATH": str(empty)}
    assert classes(repository.compare("a", "b", environment=environment)) == LOOSER


def test_a_bare_repository_has_revisions(changed: Repository, tmp_path: Path) -> None:
    changed.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    assert classes(changed.compare("main~1", "main", cwd=tmp_path / "bare")) == LOOSER


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_by_a_comparison_that_was_cut_short(
    changed: Repository, temporary: Path, tmp_path: Path, number: signal.Signals
) -> None:
    wait = f"*ls-tree*) : > {tmp_path}/reached; exec {shutil.which('sleep')} 60;;"
    changed.write("slow/git", f'#!/bin/sh\ncase $* in {wait} esac\nexec {shutil.which("git")} "$@"\n')
    (changed.root / "slow/git").chmod(0o755)
    path = f"{changed.root / 'slow'}:{changed.environment['PATH']}"
    process = subprocess.Popen(
        [sys.executable, "-m", "doctor", "compare", "HEAD~1", "HEAD"],
        cwd=changed.root,
        env={**os.environ, **changed.environment, "PATH": path, "TMPDIR": str(temporary)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        deadline = time.monotonic() + 30
        while not (tmp_path / "reached").exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert list(temporary.glob("doctor-compare-*")), process.communicate()
        process.send_signal(number)
        process.wait(30)
    assert (process.returncode, list(temporary.iterdir())) == (128 + number, [])


def test_a_project_in_a_subdirectory_keeps_its_place(repository: Repository) -> None:
    repository.commit(
        {"services/api/.metawsm/policy.json": policy_of(), ".metawsm/policy.json": policy_of(runner="pi")}
    )
    repository.write("services/api/.metawsm/policy.json", policy_of(runner_options=FREED))
    inside = repository.root / "services/api/src"
    inside.mkdir()
    assert classes(repository.compare(cwd=inside)) == LOOSER


def test_the_variables_of_a_hook_do_not_lead_git_elsewhere(changed: Repository, tmp_path: Path) -> None:
    environment = {**changed.environment, "GIT_DIR": str(tmp_path / "no"), "GIT_WORK_TREE": str(tmp_path / "no")}
    assert classes(changed.compare("HEAD~1", environment=environment)) == LOOSER


def test_no_program_of_the_repository_is_run(changed: Repository, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    script = tmp_path / "evil"
    script.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n", encoding="utf-8")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "filter.evil.smudge", "diff.external", "core.pager", "core.sshCommand"):
        changed.git("config", key, str(script))
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        target = changed.root / ".git/hooks" / hook
        target.write_text(script.read_text(encoding="utf-8"), encoding="utf-8")
        target.chmod(0o755)
    changed.write(".gitattributes", "* filter=evil diff=evil\n")
    assert classes(changed.compare("HEAD~1", "HEAD")) == LOOSER
    assert not marker.exists()


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../../../etc/passwd"])
def test_a_link_out_of_the_repository_leads_nowhere(repository: Repository, target: str) -> None:
    (repository.root / ".metawsm").mkdir()
    (repository.root / ".metawsm/policy.json").symlink_to(target)
    repository.commit()
    comparison = repository.compare("HEAD", "HEAD")
    assert comparison.exit_code == 2
    assert all("does not exist" in finding.message for finding in comparison.findings)


def test_links_that_lead_out_together_lead_nowhere(repository: Repository) -> None:
    deep = repository.root / ".metawsm/a/b/c"
    deep.mkdir(parents=True)
    repository.write("z/keep", "x")
    (deep / "up").symlink_to("../../../../z")
    (repository.root / ".metawsm/policy.json").symlink_to("a/b/c/up/../../../../../../../etc/hostname")
    repository.commit()
    comparison = repository.compare("HEAD", "HEAD")
    assert comparison.exit_code == 2


def test_a_link_to_another_file_of_the_repository_is_followed(repository: Repository) -> None:
    repository.commit({"share/docmgr/SKILL.md": SKILL, ".metawsm/policy.json": policy_of(skills=("docmgr",))})
    (repository.root / ".metawsm/skills").symlink_to("../share")
    repository.commit()
    assert repository.compare("HEAD").changes == ()
    repository.write("share/docmgr/SKILL.md", SKILL + "More.\n")
    assert classes(repository.compare("HEAD")) == {"skill docmgr content": "different"}


def test_a_submodule_that_moved_cannot_be_told(repository: Repository) -> None:
    first = repository.commit({".metawsm/policy.json": policy_of()})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{first},.metawsm/skills")
    repository.git("commit", "-q", "-m", "a submodule")
    comparison = repository.compare("HEAD~1", "HEAD")
    assert comparison.exit_code == 2
    assert "submodule" in comparison.findings[0].message
    assert repository.compare("HEAD", "HEAD").exit_code == 0


def test_a_file_too_large_to_be_read_is_a_finding(repository: Repository) -> None:
    repository.commit({".metawsm/policy.json": " " * (9 * 1024 * 1024)})
    comparison = repository.compare("HEAD", "HEAD")
    assert comparison.exit_code == 2
    assert "large" in comparison.findings[0].message


def test_without_a_policy_the_embedded_default_counts(repository: Repository) -> None:
    repository.commit({"README": "x"})
    repository.write(".metawsm/policy.json", policy_of())
    comparison = repository.compare()
    assert comparison.base.policy is None
    assert classes(comparison) == {"agent agent agent": "stricter", "agent bob agent": "looser"}


def test_variables_that_choose_a_harness_hide_nothing(repository: Repository) -> None:
    repository.commit({".metawsm/policy.json": policy_of()})
    repository.write(".metawsm/policy.json", policy_of(runner="pi"))
    environment = {**repository.environment, "DOCTOR_RUNTIME": "shell"}
    assert "agent bob permissions" in classes(repository.compare(environment=environment))


def test_outside_of_a_repository_there_is_no_revision(tmp_path: Path, repository: Repository) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    assert find_repository(outside, {**repository.environment, "GIT_CEILING_DIRECTORIES": str(tmp_path)}) is None
    with pytest.raises(UsageError, match="no git repository"):
        repository.compare(
            cwd=outside, environment={**repository.environment, "GIT_CEILING_DIRECTORIES": str(tmp_path)}
        )


def test_settings_that_are_part_of_the_repository_are_compared_with_it(repository: Repository) -> None:
    profile = 'agent.model = "codex:{}"\n'
    files = {".metawsm/policy.json": policy_of(), "settings/profiles/team.toml": profile.format("gpt-5.5")}
    repository.commit({**files, "settings/active-profile": "team\n"})
    repository.write("settings/profiles/team.toml", profile.format("gpt-6"))
    environment = {**repository.environment, "DOCTOR_CONFIG_DIR": os.fspath(repository.root / "settings")}
    assert classes(repository.compare(environment=environment)) == {
        "agent bob model": "different",
        "named profile agent.model": "different",
    }
