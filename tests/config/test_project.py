from collections.abc import Callable
from pathlib import Path

import pytest

from doctor.config.policy import load_policy
from doctor.config.project import Project, find_project

Unprivileged = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repo"
    (root / ".git").mkdir(parents=True)
    (root / "a/b").mkdir(parents=True)
    return root


def policy_in(directory: Path, name: str = "policy.json") -> Path:
    (directory / ".metawsm").mkdir(exist_ok=True)
    path = directory / ".metawsm" / name
    path.write_text("{}")
    return path


def find(cwd: Path, policy: Path | None = None) -> Project:
    return find_project(cwd=cwd, home=Path("/home/x"), policy=policy)


def test_the_nearest_policy_up_to_the_repository_root_is_found(repository: Path) -> None:
    outer = policy_in(repository)
    assert find(repository / "a/b").policy_path == outer
    assert find(repository / "a/b").root == repository
    inner = policy_in(repository / "a", "policy.toml")
    assert find(repository / "a/b").policy_path == inner
    assert find(repository / "a/b").root == repository / "a"


def test_a_policy_above_the_repository_is_not_looked_at(repository: Path) -> None:
    policy_in(repository.parent)
    project = find(repository / "a")
    assert project.policy_path is None
    assert project.root == project.repository == repository


def test_outside_of_a_repository_only_the_working_directory_counts(tmp_path: Path) -> None:
    policy_in(tmp_path)
    (tmp_path / "sub").mkdir()
    assert find(tmp_path / "sub") == Project(root=tmp_path / "sub", cwd=tmp_path / "sub", home=Path("/home/x"))
    assert find(tmp_path).policy_path == tmp_path / ".metawsm/policy.json"


def test_two_policies_side_by_side_are_rivals(repository: Path) -> None:
    json, toml = policy_in(repository), policy_in(repository, "policy.toml")
    project = find(repository)
    assert (project.policy_path, project.rival_policy) == (json, toml)


def test_a_worktree_whose_git_is_a_file_is_a_repository(tmp_path: Path) -> None:
    (tmp_path / "tree/sub").mkdir(parents=True)
    (tmp_path / "tree/.git").write_text("gitdir: elsewhere\n")
    assert find(tmp_path / "tree/sub").repository == tmp_path / "tree"


def test_a_dangling_policy_counts_so_that_it_is_reported(repository: Path) -> None:
    (repository / ".metawsm").mkdir()
    (repository / ".metawsm/policy.json").symlink_to("gone")
    assert find(repository).policy_path == repository / ".metawsm/policy.json"


@pytest.mark.parametrize(
    ("given", "root"),
    [("a/.metawsm/policy.json", "a"), ("a/.metawsm/more/p.toml", "a"), ("other.json", "."), ("../outside.json", ".")],
)
def test_a_given_policy_decides_the_root(repository: Path, given: str, root: str) -> None:
    project = find(repository, Path(given))
    assert project.policy_path == Path(str((repository / given).parent.resolve() / Path(given).name))
    assert project.root == (repository / root).resolve()
    assert project.rival_policy is None


@pytest.mark.parametrize("kind", ["file", "loop", "dangling"])
def test_a_metawsm_that_is_no_directory_is_a_policy_that_cannot_be_read(repository: Path, kind: str) -> None:
    place = repository / ".metawsm"
    if kind == "file":
        place.write_text("")
    else:
        place.symlink_to(".metawsm" if kind == "loop" else "gone")
    project = find(repository / "a")
    assert (project.policy_path, project.rival_policy, project.root) == (place / "policy.json", None, repository)
    (problem,) = load_policy(project.policy_path, runners=()).problems
    assert problem.rule == "unreadable"
    assert f"{place} is no directory" in problem.message
    assert (problem.location.line, problem.location.column) == (1, 1)


def test_a_metawsm_without_a_policy_is_passed_over(repository: Path) -> None:
    (repository / "a/.metawsm").mkdir()
    assert find(repository / "a").policy_path is None


@pytest.mark.parametrize("closed", [".metawsm", "."])
def test_a_closed_directory_is_one_policy_that_cannot_be_read(
    repository: Path, closed: str, unprivileged: Unprivileged
) -> None:
    place = policy_in(repository)
    assert (
        unprivileged(
            repository / closed,
            "from doctor.config.project import find_project; from doctor.config.policy import load_policy",
            f"p = find_project(cwd=Path({str(repository)!r}), home=Path('/'), policy=None)",
            "print(p.policy_path, p.rival_policy, load_policy(p.policy_path, runners=()).problems[0].message)",
        )
        == f"{place} None the file may not be read by this user"
    )
