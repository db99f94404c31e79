"""What happens when files are in the way, change meanwhile, or cannot be written."""

import json
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doctor.config import swapping
from doctor.errors import UsageError
from doctor.gate.fixing import applying, backups
from doctor.gate.fixing.applying import apply
from doctor.gate.fixing.undoing import applications
from doctor.gate.fixing.verifying import carry_out
from doctor.model.fixing import RepairState, UndoState
from tests.gate.fixing.conftest import POLICY, Bench

MISSPELT = {**POLICY, "tmx": {"socket": "s"}}
KEYED = '[endpoints.attic]\nurl = "https://x.example/v1"\napi_key = "k1-written-plainly"\n'
needs_a_user = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything; run the tests as another user")


@pytest.fixture
def misspelt(bench: Bench) -> Bench:
    bench.write(MISSPELT)
    return bench


def test_nothing_is_written_where_nothing_can_be_repaired(bench: Bench) -> None:
    assert bench.apply() == ()
    assert not bench.paths.state_dir.exists()


def test_an_edit_that_was_made_after_the_plan_is_never_lost(misspelt: Bench) -> None:
    examined, plan = misspelt.plan("POL003")
    theirs = misspelt.write({**MISSPELT, "tmux": {}})
    identity, [repair] = carry_out(plan, examined)
    assert (identity, repair.state) == (None, RepairState.FAILED)
    assert "changed meanwhile" in (repair.reason or "")
    assert misspelt.policy.read_text() == theirs
    assert applications(misspelt.paths, str(misspelt.project)) == ()


def test_an_edit_that_is_made_at_the_last_moment_is_not_lost_either(
    misspelt: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    exchange, theirs = swapping._exchange, json.dumps({**POLICY, "close": {}})

    def late(one: Path, other: Path) -> bool:
        monkeypatch.setattr(swapping, "_exchange", exchange)
        new = misspelt.root / "theirs"
        new.write_text(theirs)
        new.replace(misspelt.policy)
        return exchange(one, other)

    monkeypatch.setattr(swapping, "_exchange", late)
    [repair] = misspelt.apply("POL003")
    assert (repair.state, misspelt.policy.read_text()) == (RepairState.FAILED, theirs)
    assert sorted(path.name for path in misspelt.policy.parent.iterdir()) == ["policy.json"]


def test_a_key_whose_file_cannot_be_made_stays_where_it_is(
    bench: Bench, states: Callable[..., list[tuple[str, str]]]
) -> None:
    path = bench.settings(KEYED + "kidn = 'openai'\n")
    (path.parent / "keys").write_text("in the way")
    repairs = bench.apply("END005", "NPR001")
    assert states(repairs) == [("END005", "failed"), ("NPR001", "fixed")]
    assert path.read_text() == KEYED + "kind = 'openai'\n"
    assert bench.undo().complete
    assert path.read_text() == KEYED + "kidn = 'openai'\n"


def test_a_file_that_was_made_for_a_repair_that_fails_afterwards_is_removed_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench.settings(KEYED)

    def refuse(*arguments: object, **keywords: object) -> None:
        raise swapping.ChangedError("it was changed meanwhile")

    monkeypatch.setattr(applying, "swap_file", refuse)
    [repair] = bench.apply("END005")
    assert repair.state is RepairState.FAILED
    assert sorted(each.name for each in path.parent.iterdir()) == ["machine.toml"]


def test_a_file_that_appeared_at_the_place_of_a_new_one_is_left(bench: Bench) -> None:
    (bench.project / ".git").mkdir()
    (bench.project / ".metawsm" / "processes").mkdir()
    examined, plan = bench.plan("RUN")
    ignore = bench.project / ".metawsm" / ".gitignore"
    ignore.write_text("processes/\n")
    _, [repair] = carry_out(plan, examined)
    assert (repair.state, ignore.read_text()) == (RepairState.FAILED, "processes/\n")


@needs_a_user
def test_a_file_that_its_owner_made_read_only_is_left(misspelt: Bench) -> None:
    misspelt.policy.chmod(0o444)
    [repair] = misspelt.apply("POL003")
    assert (repair.state, repair.reason) == (
        RepairState.FAILED,
        f"{misspelt.policy} cannot be written: it is read-only",
    )


@needs_a_user
def test_what_may_not_be_written_is_told_with_the_reason(misspelt: Bench) -> None:
    misspelt.policy.parent.chmod(0o555)
    [repair] = misspelt.apply("POL003")
    misspelt.policy.parent.chmod(0o755)
    assert repair.state is RepairState.FAILED
    assert "Permission denied" in (repair.reason or "")


def test_where_what_is_there_cannot_be_saved_nothing_is_changed(misspelt: Bench) -> None:
    misspelt.paths.state_dir.parent.mkdir(parents=True)
    misspelt.paths.state_dir.write_text("in the way")
    before = misspelt.policy.read_text()
    with pytest.raises(UsageError, match="cannot be saved"):
        misspelt.apply("POL003")
    assert misspelt.policy.read_text() == before


def test_a_policy_that_is_a_link_is_changed_where_it_really_is(misspelt: Bench) -> None:
    real = misspelt.root / "real.json"
    misspelt.policy.rename(real)
    misspelt.policy.symlink_to(real)
    [repair] = misspelt.apply("POL003")
    assert (repair.state, misspelt.policy.is_symlink()) == (RepairState.FIXED, True)
    assert "tmux" in json.loads(real.read_text())
    assert misspelt.undo().complete
    assert "tmx" in json.loads(real.read_text())


def test_what_is_saved_is_for_its_owner_alone(bench: Bench) -> None:
    bench.settings(KEYED)
    bench.apply("END005")
    [one] = applications(bench.paths, str(bench.project))
    directory = bench.paths.state_dir / "fixes" / one.id
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}
    assert "k1-written-plainly" not in (directory / "manifest.json").read_text()


def test_the_newest_applications_are_kept(misspelt: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "KEPT", 2)
    for _ in range(3):
        misspelt.write(MISSPELT)
        assert apply(misspelt.plan("POL003")[1], misspelt.paths).failures == {}
    known = applications(misspelt.paths, str(misspelt.project))
    assert len(known) == 2
    assert known[0].id > known[1].id
    kept = {path.name for path in (misspelt.paths.state_dir / "fixes").iterdir()}
    assert kept == {".lock", *(each.id for each in known)}


def test_a_change_made_since_is_not_taken_back(misspelt: Bench) -> None:
    misspelt.apply("POL003")
    mine = misspelt.write({**POLICY, "close": {}})
    undone = misspelt.undo()
    assert [(file.path, file.state) for file in undone.files] == [(str(misspelt.policy), UndoState.CHANGED)]
    assert (undone.complete, misspelt.policy.read_text()) == (False, mine)


def test_a_key_file_stays_as_long_as_something_may_refer_to_it(bench: Bench) -> None:
    path = bench.settings(KEYED)
    bench.apply("END005")
    path.write_text(path.read_text() + "# mine\n")
    undone = bench.undo()
    assert [file.state for file in undone.files] == [UndoState.CHANGED, UndoState.CHANGED]
    assert (path.parent / "keys" / "attic.key").read_text() == "k1-written-plainly\n"


def test_what_was_taken_back_gives_way_to_the_application_before(misspelt: Bench) -> None:
    first = misspelt.policy.read_text()
    misspelt.apply("POL003")
    second = misspelt.write({**json.loads(misspelt.policy.read_text()), "helath": {}})
    misspelt.apply("POL003")
    assert misspelt.undo().complete
    assert misspelt.policy.read_text() == second
    older = applications(misspelt.paths, str(misspelt.project))[1]
    assert misspelt.undo().id == older.id
    assert misspelt.policy.read_text() == second != first
    with pytest.raises(UsageError, match="was taken back already"):
        misspelt.undo(applications(misspelt.paths, str(misspelt.project))[0].id)


def test_there_may_be_nothing_to_take_back(bench: Bench) -> None:
    with pytest.raises(UsageError, match="nothing to take back"):
        bench.undo()
    with pytest.raises(UsageError, match="there is no application"):
        bench.undo("../x")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "[" * 100_000, "\ud800"], ids=["empty", "cut", "list", "deep", "bytes"]
)
def test_a_damaged_manifest_is_left_out_and_named(misspelt: Bench, text: str) -> None:
    misspelt.apply("POL003")
    [one] = applications(misspelt.paths, str(misspelt.project))
    directory = misspelt.paths.state_dir / "fixes" / one.id
    (directory / "manifest.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    assert applications(misspelt.paths, str(misspelt.project)) == ()
    for identity, message in ((None, "nothing to take back"), (one.id, "the record of .* is damaged")):
        with pytest.raises(UsageError, match=message) as error:
            misspelt.undo(identity)
        assert str(directory) in (error.value.remedy or "")


@pytest.mark.parametrize(
    "change",
    [
        {"backup": "../../../../victim"},
        {"temporary": "VICTIM"},
        {"path": "../victim"},
        {"path": "/a/../victim"},
        {"path": "/a\0b"},
        {"path": 7},
        {"kind": "other"},
        {"kind": ["edit"]},
        {"kind": "mode", "mode_after": None},
        {"mode_before": "420"},
        {"mode_before": 0o10000},
        {"before": "x"},
        {"backup": None},
        {"new": 1},
        {"fixes": "abc"},
    ],
)
def test_what_this_tool_did_not_write_about_a_file_is_not_taken_back(misspelt: Bench, change: dict[str, Any]) -> None:
    misspelt.apply("POL003")
    after, victim = misspelt.policy.read_text(), misspelt.root / "victim"
    victim.write_text(json.dumps(MISSPELT, indent=2) + "\n")
    [path] = (misspelt.paths.state_dir / "fixes").glob("*/manifest.json")
    data = json.loads(path.read_text())
    data["files"][0] |= {key: str(victim) if value == "VICTIM" else value for key, value in change.items()}
    path.write_text(json.dumps(data))
    with pytest.raises(UsageError, match="nothing to take back"):
        misspelt.undo()
    assert (misspelt.policy.read_text(), victim.exists()) == (after, True)


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 2},
        {"id": "../.."},
        {"state": "other"},
        {"state": 7},
        {"time": 7},
        {"titles": [1]},
        {"directories": [1]},
        {"directories": ["relative"]},
        {"files": None},
        {"files": [1]},
    ],
)
def test_a_manifest_that_this_tool_did_not_write_is_left_out(misspelt: Bench, change: dict[str, Any]) -> None:
    misspelt.apply("POL003")
    [path] = (misspelt.paths.state_dir / "fixes").glob("*/manifest.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert applications(misspelt.paths, str(misspelt.project)) == ()


def test_somebody_elses_edit_that_an_end_left_aside_is_put_back(misspelt: Bench) -> None:
    misspelt.apply("POL003")
    [one] = applications(misspelt.paths, str(misspelt.project))
    aside = misspelt.policy.with_name(f".policy.json.{one.id}.tmp")
    aside.write_text("theirs")
    [file] = misspelt.undo().files
    assert (file.state, misspelt.policy.read_text(), aside.exists()) == (UndoState.CHANGED, "theirs", False)


def test_an_application_that_could_write_nothing_is_not_kept(misspelt: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **keywords: object) -> None:
        raise OSError(28, "No space left on device", "somewhere.tmp")

    monkeypatch.setattr(applying, "swap_file", refuse)
    [repair] = misspelt.apply("POL003")
    assert repair.reason == f"{misspelt.policy} cannot be written: No space left on device"
    assert applications(misspelt.paths, str(misspelt.project)) == ()


def test_two_at_the_same_time_repair_once(misspelt: Bench) -> None:
    plans = [misspelt.plan("POL003")[1] for _ in range(2)]
    outcomes: list[dict[str, str]] = []
    threads = [
        threading.Thread(target=lambda plan=plan: outcomes.append(apply(plan, misspelt.paths).failures))
        for plan in plans
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(len, outcomes)) == [0, 1]
    assert json.loads(misspelt.policy.read_text())["tmux"] == {"socket": "s"}
