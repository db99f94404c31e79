import json
from pathlib import Path

import pytest

from doctor.harness.cache import LARGEST, MOST_ENTRIES, ProbeCache, file_identity, program_identity

NOW = 1_800_000_000.0


def cache_at(path: Path | None, now: float = NOW) -> ProbeCache:
    return ProbeCache(path, lambda: now)


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def saved(path: Path, now: float = NOW, **answers: str) -> None:
    cache = cache_at(path, now)
    for key, value in answers.items():
        cache.put(key, {"version": value})
    cache.save()


def test_an_answer_is_there_in_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "cache" / "probes.json"

    saved(path, codex="0.169.0")

    assert cache_at(path).get("codex", at_most=60) == {"version": "0.169.0", "at": NOW}
    assert path.stat().st_mode & 0o777 == 0o600
    assert names_in(path.parent) == ["probes.json"]


@pytest.mark.parametrize(("now", "there"), [(NOW + 60, True), (NOW + 61, False), (NOW - 1, False)])
def test_an_answer_grows_old_and_never_comes_from_the_future(tmp_path: Path, now: float, there: bool) -> None:
    saved(tmp_path / "probes.json", codex="0.169.0")

    assert (cache_at(tmp_path / "probes.json", now).get("codex", at_most=60) is not None) is there


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"{",
        b"[]",
        b"null",
        b'{"format": 99, "entries": {}}',
        b'{"format": 1}',
        b'{"format": 1, "entries": []}',
        b'{"format": 1, "entries": {"codex": 7}}',
        b'{"format": 1, "entries": {"codex": {"at": "yesterday"}}}',
        b"[" * 100_000,
        b" " * (LARGEST + 1),
    ],
)
def test_a_damaged_file_is_an_empty_cache_and_is_written_anew(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "probes.json"
    path.write_bytes(content)

    assert cache_at(path).get("codex", at_most=60) is None
    saved(path, codex="0.169.0")

    assert cache_at(path).get("codex", at_most=60) is not None


def test_a_place_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    saved(tmp_path / "file" / "probes.json", codex="0.169.0")

    assert names_in(tmp_path) == ["file"]


def test_a_directory_in_the_files_place_is_no_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "probes.json").mkdir()

    saved(tmp_path / "probes.json", codex="0.169.0")

    assert names_in(tmp_path) == ["probes.json"]


def test_a_device_in_the_files_place_is_an_empty_cache(tmp_path: Path) -> None:
    (tmp_path / "probes.json").symlink_to("/dev/zero")

    assert cache_at(tmp_path / "probes.json").get("codex", at_most=60) is None


def test_without_a_file_nothing_is_kept(tmp_path: Path) -> None:
    cache = cache_at(None)
    cache.put("codex", {"version": "0.169.0"})
    cache.save()

    assert cache.get("codex", at_most=60) is None


def test_nothing_new_writes_nothing(tmp_path: Path) -> None:
    cache_at(tmp_path / "probes.json").save()

    assert names_in(tmp_path) == []


def test_what_another_process_wrote_meanwhile_stays(tmp_path: Path) -> None:
    path = tmp_path / "probes.json"
    slow = cache_at(path)
    slow.put("slow", {"version": "1.0.0"})
    saved(path, quick="2.0.0")

    slow.save()

    assert set(json.loads(path.read_text())["entries"]) == {"quick", "slow"}


def test_the_oldest_answers_are_dropped(tmp_path: Path) -> None:
    path = tmp_path / "probes.json"
    saved(path, now=NOW - 10, **{f"old{number}": "1.0.0" for number in range(MOST_ENTRIES)})

    saved(path, codex="0.169.0")

    entries = json.loads(path.read_text())["entries"]
    assert len(entries) == MOST_ENTRIES
    assert "codex" in entries


def test_no_key_is_never_remembered(tmp_path: Path) -> None:
    cache = cache_at(tmp_path / "probes.json")
    cache.put(None, {"version": "1.0.0"})
    cache.save()

    assert names_in(tmp_path) == []
    assert cache.get(None, at_most=60) is None


def test_a_program_changes_its_identity_with_its_file(tmp_path: Path) -> None:
    real, link = tmp_path / "codex.js", tmp_path / "codex"
    real.write_text("one")
    link.symlink_to(real)
    before = program_identity(str(link))
    real.write_text("another")

    assert before is not None
    assert str(real) in before
    assert program_identity(str(link)) != before
    assert program_identity(str(tmp_path / "gone")) is None


def test_a_file_changes_its_identity_when_it_comes(tmp_path: Path) -> None:
    before = file_identity(tmp_path / "auth.json")
    (tmp_path / "auth.json").write_text("{}")

    assert file_identity(tmp_path / "auth.json") != before
