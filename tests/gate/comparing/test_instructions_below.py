"""Instructions in directories below the project, which harnesses read when they work there."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doctor.errors import UsageError
from doctor.gate.comparing import git_tree
from doctor.gate.comparing.git_tree import find_repository
from doctor.model.comparison import Comparison
from tests.gate.comparing.conftest import Repository, classes, policy_of

POLICY = ".metawsm/policy.json"
NESTED = "services/api/AGENTS.md"


@pytest.fixture
def based(repository: Repository) -> Repository:
    """A repository with instructions of two kinds in a directory, for an agent that Codex runs."""
    repository.commit({POLICY: policy_of(), NESTED: "Be kind.\n", "services/CLAUDE.md": "Be kind.\n"})
    return repository


def test_what_is_tracked_counts(based: Repository) -> None:
    based.write(NESTED, "Be quick.\n")
    found = based.compare()
    assert classes(found) == {f"file {NESTED} prompt": "different"}
    [change] = found.changes
    assert (change.before, change.after, change.text) == ("Be kind.\n", "Be quick.\n", True)
    assert change.reason == "Codex is told something else"
    assert change.location is not None
    assert change.location.path == NESTED


def test_two_revisions_are_compared_too(based: Repository) -> None:
    before = based.commit()
    based.commit({NESTED: "Be quick.\n", "web/app/AGENTS.override.md": "Be rude.\n"})
    found = classes(based.compare(f"rev:{before}", "HEAD"))
    assert found == {f"file {NESTED} prompt": "different", "file web/app/AGENTS.override.md prompt": "different"}


def test_what_is_new_and_not_committed_yet_counts(based: Repository) -> None:
    based.write("web/AGENTS.md", "Be rude.\n")
    assert classes(based.compare()) == {"file web/AGENTS.md prompt": "different"}


def test_what_is_gone_counts(based: Repository) -> None:
    (based.root / NESTED).unlink()
    found = based.compare()
    assert [change.reason for change in found.changes] == ["Codex no longer finds it"]


def test_what_git_ignores_does_not_count(based: Repository) -> None:
    based.commit({".gitignore": "node_modules/\n"})
    based.write("node_modules/x/AGENTS.md", "Be rude.\n")
    assert based.compare().changes == ()


def test_what_other_harnesses_read_does_not_count(based: Repository) -> None:
    based.write("services/CLAUDE.md", "Be quick.\n")
    assert based.compare().changes == ()


def test_of_a_project_below_the_repository_only_its_own_directories_count(repository: Repository) -> None:
    names = ("shop/lib/AGENTS.md", "other/AGENTS.md")
    repository.commit({f"shop/{POLICY}": policy_of(), **dict.fromkeys(names, "Be kind.\n")})
    before = repository.commit()
    repository.commit(dict.fromkeys(names, "Be quick.\n"))
    for head in (None, "HEAD"):
        found = repository.compare(f"rev:{before}", head, cwd=repository.root / "shop")
        assert classes(found) == {"file lib/AGENTS.md prompt": "different"}


def test_two_directories_are_compared_too(change_of_files: Callable[[Any, Any], Comparison]) -> None:
    sides = [{POLICY: policy_of(), "a/b/AGENTS.md": text} for text in ("Be kind.\n", "Be quick.\n")]
    assert classes(change_of_files(*sides)) == {"file a/b/AGENTS.md prompt": "different"}


def test_where_nobody_knows_what_belongs_to_the_project_it_is_not_compared(based: Repository, tmp_path: Path) -> None:
    exported = tmp_path / "exported"
    (exported / ".metawsm").mkdir(parents=True)
    (exported / POLICY).write_text((based.root / POLICY).read_text(encoding="utf-8"), encoding="utf-8")
    assert based.compare("HEAD", str(exported)).changes == ()


def test_of_a_directory_that_git_ignores_nobody_knows_either(based: Repository) -> None:
    based.commit({".gitignore": "out/\n"})
    based.write(f"out/{POLICY}", policy_of())
    assert based.compare("HEAD", "out").changes == ()


def test_what_a_sparse_checkout_leaves_out_is_not_gone(based: Repository) -> None:
    before = based.commit()
    based.git("sparse-checkout", "set", ".metawsm")
    assert not (based.root / NESTED).exists()
    assert based.compare().changes == ()
    based.git("sparse-checkout", "disable")
    based.commit({NESTED: "Be quick.\n"})
    based.git("sparse-checkout", "set", ".metawsm")
    assert classes(based.compare(f"rev:{before}")) == {f"file {NESTED} prompt": "different"}


def test_what_is_the_same_need_not_be_there(based: Repository, tmp_path: Path) -> None:
    based.git("config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    based.git("clone", "-q", "--filter=blob:none", "--sparse", f"file://{based.root}", str(partial))
    clone = Repository(partial, based.environment)
    clone.git("sparse-checkout", "set", ".metawsm")
    assert clone.compare().changes == ()
    clone.commit()
    assert clone.compare("HEAD~1", "HEAD").changes == ()


def test_any_number_of_paths_is_looked_for_in_a_commit(based: Repository) -> None:
    repository = find_repository(based.root, based.environment)
    assert repository is not None
    [entry] = repository.entries("HEAD", [*(f"{number}{'x' * 4000}" for number in range(600)), NESTED])
    assert entry.path == NESTED


def test_a_name_with_anything_in_it_is_compared(based: Repository) -> None:
    name = "a b\n-c/:(top)é/AGENTS.md"
    before = based.commit({name: "Be kind.\n"})
    based.commit({name: "Be quick.\n"})
    assert [change.before for change in based.compare(f"rev:{before}", "HEAD").changes] == ["Be kind.\n"]


def test_settings_stay_settings_whatever_they_are_called(repository: Repository) -> None:
    path = ".claude/agents/CLAUDE.md"
    repository.commit({POLICY: policy_of(runner="claude"), path: "---\ntools: Read\n---\n"})
    repository.write(path, "---\ntools: Read, Bash\n---\n")
    assert classes(repository.compare()) == {f"file {path} permissions": "looser"}


def test_a_directory_that_is_called_so_is_none(based: Repository) -> None:
    based.write("web/AGENTS.md/page.txt", "Be rude.\n")
    assert based.compare().changes == ()


@pytest.mark.parametrize("head", [None, "HEAD"])
def test_more_than_can_be_compared_is_refused(
    based: Repository, monkeypatch: pytest.MonkeyPatch, head: str | None
) -> None:
    based.commit({"web/AGENTS.md": "Be kind.\n"})
    monkeypatch.setattr(git_tree, "MOST_BELOW", 1)
    with pytest.raises(UsageError, match="more than 1 files of instructions"):
        based.compare("HEAD", head)
