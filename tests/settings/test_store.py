import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doctor.config.names import name_problem
from doctor.config.paths import Paths
from doctor.errors import UsageError
from doctor.settings.store import ABSENT, Store

FAST = b'agent.model = "codex:gpt-5.5" # quick\n'
SLOW = b'agent.model = "claude:opus"\n'


def tree(directory: Path) -> dict[str, bytes]:
    """The content of every file below a directory."""
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_nothing_is_there_at_first_and_looking_makes_nothing(store: Store, paths: Paths) -> None:
    assert (store.names(), store.pointer(), store.has("fast")) == ((), None, False)
    assert not paths.config_dir.exists()


def test_what_is_written_is_read_back_as_it_is_and_for_nobody_else(store: Store, paths: Paths) -> None:
    path = store.write("fast", FAST, expected=ABSENT)

    assert (path, store.read("fast"), store.names()) == (paths.profile_file("fast"), FAST, ("fast",))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.config_dir.stat().st_mode) == 0o700
    assert sorted(tree(paths.config_dir)) == [".lock", "profiles/fast.toml"]


def test_a_profile_is_made_only_where_there_is_none(store: Store) -> None:
    store.write("fast", FAST)
    with pytest.raises(UsageError, match="already"):
        store.write("fast", SLOW, expected=ABSENT)
    assert store.read("fast") == FAST


def test_a_profile_that_was_changed_meanwhile_is_not_overwritten(store: Store) -> None:
    store.write("fast", FAST)
    with pytest.raises(UsageError, match="meanwhile"):
        store.write("fast", SLOW, expected=SLOW)
    assert store.read("fast") == FAST
    store.write("fast", SLOW, expected=FAST)
    assert store.read("fast") == SLOW


def test_a_profile_that_was_removed_meanwhile_is_not_written(store: Store) -> None:
    with pytest.raises(UsageError, match="meanwhile"):
        store.write("fast", SLOW, expected=FAST)
    assert store.names() == ()


@pytest.mark.parametrize("content", [b"agent.model = ", b'agnt.model = "x:y"', b'agent.model = "opus"', b"\xff"])
def test_what_is_no_valid_profile_is_never_put_in_place(store: Store, content: bytes) -> None:
    store.write("fast", FAST)
    for name in ("fast", "new"):
        with pytest.raises(UsageError, match=r"\.toml:1:"):
            store.write(name, content)
    assert (store.names(), store.read("fast")) == (("fast",), FAST)


def test_a_symlink_is_written_through_and_the_mode_is_kept(store: Store, tmp_path: Path) -> None:
    path = store.write("fast", FAST)
    kept = tmp_path / "kept.toml"
    path.rename(kept)
    kept.chmod(0o640)
    path.symlink_to(kept)

    store.write("fast", SLOW, expected=FAST)

    assert path.is_symlink()
    assert (kept.read_bytes(), stat.S_IMODE(kept.stat().st_mode)) == (SLOW, 0o640)


def test_the_pointer_only_ever_names_a_sound_profile(store: Store, paths: Paths) -> None:
    store.write("fast", FAST)
    store.point_to("fast")
    store.path("broken").write_text("nope = 1")
    for name, what in (("gone", "no profile"), ("broken", "nope")):
        with pytest.raises(UsageError, match=what):
            store.point_to(name)
    assert paths.active_profile_file.read_text() == "fast\n"
    store.point_to(None)
    assert not paths.active_profile_file.exists()


def test_pointing_to_the_same_profile_again_writes_nothing(store: Store, paths: Paths) -> None:
    store.write("fast", FAST)
    store.point_to("fast")
    before = paths.active_profile_file.stat()
    store.point_to("fast")
    assert paths.active_profile_file.stat().st_ino == before.st_ino


@pytest.mark.parametrize("content", [b"\xff\n", b"", b"  \n"])
def test_a_pointer_that_says_nothing_readable_can_be_written_anew(store: Store, paths: Paths, content: bytes) -> None:
    store.write("fast", FAST)
    paths.active_profile_file.write_bytes(content)
    assert store.pointer() is None
    store.point_to("fast")
    assert store.pointer() == "fast"


def test_removing_the_active_profile_clears_the_pointer(store: Store) -> None:
    store.write("fast", FAST)
    store.write("slow", SLOW)
    store.point_to("fast")
    store.remove("slow")
    assert (store.names(), store.pointer()) == (("fast",), "fast")
    store.remove("fast")
    assert (store.names(), store.pointer()) == ((), None)


def test_the_pointer_follows_a_renamed_profile_and_both_are_there_meanwhile(store: Store) -> None:
    store.write("fast", FAST)
    store.point_to("fast")
    seen: list[tuple[str, ...]] = []
    store.rename("fast", "quick", meanwhile=lambda: seen.append((*store.names(), str(store.pointer()))))
    assert seen == [("fast", "quick", "quick")]
    assert (store.names(), store.pointer(), store.read("quick")) == (("quick",), "quick", FAST)


def test_a_profile_is_not_renamed_to_one_that_is_there(store: Store) -> None:
    store.write("fast", FAST)
    store.write("slow", SLOW)
    for new_name in ("slow", "fast"):
        with pytest.raises(UsageError, match="already"):
            store.rename("fast", new_name)
    assert (store.read("fast"), store.read("slow")) == (FAST, SLOW)


def test_a_profile_that_is_not_there_names_those_that_are(store: Store) -> None:
    store.write("fast", FAST)
    for action in (store.read, store.load, store.remove, store.point_to):
        with pytest.raises(UsageError) as caught:
            action("fsat")
        assert caught.value.remedy == 'did you mean "fast"? (profiles: fast)'


HOSTILE = ["../x", "a/b", "a\\b", "nul\0", "x" * 300, "", " ", ".", "..", "-x", "new\nline", "\ud800", "a\u202eb"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_could_lead_elsewhere_is_refused_before_anything_is_touched(
    store: Store, paths: Paths, name: str
) -> None:
    def renamed(each: str) -> object:
        return store.rename("fast", each)

    for action in (store.read, store.load, store.remove, store.point_to, lambda each: store.write(each, FAST)):
        with pytest.raises(UsageError, match="the profile name"):
            action(name)
    store.write("fast", FAST)
    with pytest.raises(UsageError, match="the profile name"):
        renamed(name)
    assert store.names() == ("fast",)
    assert not store.has(name)
    assert sorted(tree(paths.config_dir)) == [".lock", "profiles/fast.toml"]


def test_a_name_too_long_for_a_file_is_an_error_like_any_other(store: Store) -> None:
    with pytest.raises(UsageError, match="cannot be"):
        store.write("é" * 128, FAST)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=140))
def test_a_profile_of_any_accepted_name_is_a_file_in_its_directory(store: Store, paths: Paths, name: str) -> None:
    if name_problem(name) is not None:
        with pytest.raises(UsageError):
            store.write(name, FAST)
        return
    if len(os.fsencode(name)) > 200:
        return
    path = store.write(name, FAST)
    assert path.parent == paths.profiles_dir
    assert store.read(name) == FAST
    assert name in store.names()
    store.remove(name)
    assert sorted(tree(paths.config_dir)) == [".lock"]


def test_settings_that_cannot_be_written_are_an_error_that_says_where(store: Store, paths: Paths) -> None:
    paths.config_dir.parent.mkdir(parents=True)
    paths.config_dir.write_text("a file")
    with pytest.raises(UsageError, match=str(paths.config_dir)):
        store.write("fast", FAST)


def test_what_an_ended_writer_left_is_removed_once_it_is_old(store: Store, paths: Paths) -> None:
    store.write("fast", FAST)
    old, young, other = (
        paths.profiles_dir / name for name in (f".a.toml.{'0' * 16}.tmp", f".b.toml.{'0' * 16}.tmp", ".c.tmp")
    )
    for path in (old, young, other):
        path.write_text("half")
    for path in (old, other):
        os.utime(path, (0, 0))
    store.point_to("fast")
    assert [path.exists() for path in (old, young, other)] == [False, True, True]
