import json
import shutil
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import profiles
from doctor.config.paths import Paths
from doctor.control import client
from doctor.errors import UsageError
from doctor.model.options import Options
from doctor.settings import verbs
from doctor.settings.results import Change, Daemon, ProfileEntry
from doctor.settings.store import Store

FAST = b'description = "Quick"\n\n[agent]\nmodel = "codex:gpt-5.5" # works\n'
SLOW = b'agent.model = "claude:opus"\n'
RUNNING = Daemon(pid=7, ok=True, error=None, values={})


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What a running process was told, each time."""
    every: list[str | None] = []

    def notify_all(paths: Paths, profile: str | None) -> tuple[Daemon, ...]:
        every.append(profile)
        return (RUNNING,)

    monkeypatch.setattr(client, "notify_all", notify_all)
    return every


@pytest.fixture
def two(store: Store) -> Store:
    """Two profiles, of which one is active."""
    store.write("fast", FAST)
    store.write("slow", SLOW)
    store.point_to("fast")
    return store


def test_a_list_holds_the_machine_s_profiles_and_then_unused_starters(options: Options, two: Store) -> None:
    two.path("broken").write_text("nope = 1")
    two.write("codex", SLOW)
    every = verbs.profile_list(options)
    assert [(each.name, each.kind, each.active, each.ok) for each in every] == [
        ("broken", "user", False, False),
        ("codex", "user", False, True),
        ("fast", "user", True, True),
        ("slow", "user", False, True),
        ("claude", "starter", False, True),
        ("wgnext", "starter", False, True),
        ("mixed", "starter", False, True),
    ]
    assert every[2] == ProfileEntry(
        name="fast", kind="user", active=True, description="Quick", path=str(two.path("fast")), ok=True
    )
    assert every[0].problem is not None
    assert every[0].problem.startswith(f"{two.path('broken')}:1:1: nope: ")


def test_looking_changes_nothing(options: Options, paths: Paths) -> None:
    verbs.profile_list(options)
    assert not paths.config_dir.exists()


def test_a_switch_tells_what_changes_and_who_follows(options: Options, two: Store, told: list[str | None]) -> None:
    used = verbs.use(options, "slow")
    assert (used.previous, used.active, used.scope, used.daemons) == ("fast", "slow", "machine", (RUNNING,))
    assert Change(key="agent.model", before="codex:gpt-5.5", after="claude:opus") in used.changes
    assert (two.pointer(), told) == ("slow", ["slow"])


def test_using_the_active_profile_again_tells_everybody_again(
    options: Options, two: Store, told: list[str | None]
) -> None:
    used = verbs.use(options, "fast")
    assert (used.previous, used.active, used.changes) == ("fast", "fast", ())
    assert told == ["fast"]


def test_a_cleared_choice_restores_what_was_without_it(options: Options, two: Store, told: list[str | None]) -> None:
    used = verbs.use(options, None)
    assert (used.previous, used.active, two.pointer(), told) == ("fast", None, None, [None])
    assert Change(key="agent.model", before="codex:gpt-5.5", after=None) in used.changes


def test_nobody_is_told_when_that_is_not_wanted(options: Options, two: Store, told: list[str | None]) -> None:
    assert verbs.use(options, "slow", reload=False).daemons == ()
    assert told == []


def test_a_profile_that_cannot_be_used_leaves_the_choice_as_it_is(
    options: Options, two: Store, told: list[str | None]
) -> None:
    two.path("broken").write_text("nope = 1")
    two.write("lost", b'[models.default]\nmodel = "nex:a"\nendpoint = "nowhere"\n')
    for name in ("broken", "lost", "gone", "../fast"):
        with pytest.raises(UsageError):
            verbs.use(options, name)
    assert (two.pointer(), told) == ("fast", [])


def test_the_first_use_of_a_starter_writes_it_and_later_ones_keep_it(options: Options, store: Store) -> None:
    assert verbs.use(options, "codex").active == "codex"
    assert store.read("codex") == profiles.starter("codex")
    store.write("codex", SLOW)
    verbs.use(options, "codex")
    assert store.read("codex") == SLOW


def test_an_alias_of_a_starter_uses_the_starter(options: Options, store: Store) -> None:
    assert verbs.use(options, "nex").active == "wgnext"
    assert (store.names(), store.pointer()) == (("wgnext",), "wgnext")


def test_a_stronger_choice_is_told(options: Options, two: Store) -> None:
    options = replace(options, environment={**options.environment, "DOCTOR_PROFILE": "fast"})
    used = verbs.use(options, "slow")
    assert (used.active, used.changes) == ("slow", ())
    assert [(each.key, each.value, each.source.kind) for each in used.shadowed] == [("profile", "fast", "env")]


def test_a_project_s_choice_is_its_own(options: Options, two: Store) -> None:
    used = verbs.use(options, "slow", project=True)
    selection = options.cwd / ".metawsm" / "profile-selection.json"
    assert (used.previous, used.active, used.scope, two.pointer()) == (None, "slow", "project", "fast")
    assert used.shadowed == ()
    assert json.loads(selection.read_text())["profile"] == "slow"
    assert "profile-selection.json" in (selection.parent / ".gitignore").read_text().splitlines()
    assert [each.name for each in verbs.profile_list(options) if each.active] == ["slow"]

    cleared = verbs.use(options, None, project=True)
    assert (cleared.previous, cleared.active, selection.exists(), two.pointer()) == ("slow", None, False, "fast")


def test_a_switch_of_the_machine_tells_of_a_project_that_chose_its_own(options: Options, two: Store) -> None:
    verbs.use(options, "fast", project=True)
    used = verbs.use(options, "slow")
    assert (used.active, used.changes, two.pointer()) == ("slow", (), "slow")
    (value,) = used.shadowed
    assert (value.key, value.value, value.source.kind) == ("profile", "fast", "project")


def test_a_new_profile_is_written_but_not_used(options: Options, store: Store) -> None:
    written = verbs.create(options, "attic", model="nex:m", endpoint_url="http://127.0.0.1:9400/v1", description="Box")
    assert (written.name, written.path) == ("attic", str(store.path("attic")))
    assert {change.key: change.after for change in written.changes} == {
        "description": "Box",
        "agent.model": "nex:m",
        "dispatcher.model": "nex:m",
        "endpoints.default.url": "http://127.0.0.1:9400/v1",
        "endpoints.default.kind": "openai",
        "endpoints.default.default": "true",
    }
    assert store.pointer() is None
    assert stat.S_IMODE(store.path("attic").stat().st_mode) == 0o600


def test_a_copy_keeps_the_comments_of_what_it_is_a_copy_of(options: Options, two: Store) -> None:
    verbs.create(options, "mine", source="fast", model="codex:gpt-5.4")
    assert two.read("mine").startswith(FAST.replace(b"5.5", b"5.4"))
    verbs.create(options, "theirs", source="nex")
    assert two.read("theirs") == profiles.starter("wgnext")
    assert two.names() == ("fast", "mine", "slow", "theirs")


@pytest.mark.parametrize(
    "values",
    [{"model": "opus"}, {"model": "nobody:x"}, {"endpoint_url": "ftp://x"}, {"endpoint_url": "x"}, {"source": "gone"}],
)
def test_a_profile_that_would_not_be_valid_is_not_made(options: Options, store: Store, values: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        verbs.create(options, "new", **values)  # type: ignore[arg-type]
    assert store.names() == ()


def test_a_profile_that_is_there_is_replaced_only_when_asked_for(options: Options, two: Store) -> None:
    with pytest.raises(UsageError, match="already"):
        verbs.create(options, "fast", model="nex:m")
    assert two.read("fast") == FAST
    verbs.create(options, "fast", source="slow", force=True)
    assert (two.read("fast"), two.pointer()) == (SLOW, "fast")


def test_the_active_profile_is_deleted_only_by_force_and_then_none_is_active(options: Options, two: Store) -> None:
    with pytest.raises(UsageError, match="active on this machine"):
        verbs.delete(options, "fast")
    verbs.delete(options, "slow")
    verbs.delete(options, "fast", force=True)
    assert (two.names(), two.pointer()) == ((), None)


def test_the_profile_of_this_project_is_deleted_only_by_force(options: Options, two: Store) -> None:
    verbs.use(options, "slow", project=True)
    with pytest.raises(UsageError, match="active in this project"):
        verbs.delete(options, "slow")
    verbs.delete(options, "slow", force=True)
    assert (two.names(), two.pointer()) == (("fast",), "fast")
    assert [each.name for each in verbs.profile_list(options) if each.active] == ["fast"]


def test_both_choices_follow_a_renamed_profile(options: Options, two: Store) -> None:
    verbs.use(options, "fast", project=True)
    written = verbs.rename(options, "fast", "quick")
    assert (written.name, written.path, two.pointer()) == ("quick", str(two.path("quick")), "quick")
    assert [each.name for each in verbs.profile_list(options) if each.active] == ["quick"]


@pytest.mark.parametrize(
    ("role", "key"),
    [
        ("agent", "agent.model"),
        ("evaluator", "models.evaluator.model"),
        ("premium", "tiers.premium"),
        ("reflect", "stages.reflect.model"),
    ],
)
def test_a_model_is_set_and_the_rest_stays(options: Options, two: Store, role: str, key: str) -> None:
    written = verbs.set_model(options, "fast", role, "claude:haiku")
    before = "codex:gpt-5.5" if role == "agent" else None
    assert written.changes == (Change(key=key, before=before, after="claude:haiku"),)
    assert b'" # works' in two.read("fast")


def test_a_model_of_a_starter_is_set_in_a_copy_on_this_machine(options: Options, store: Store) -> None:
    verbs.set_model(options, "codex", "fast", "codex:tiny")
    assert store.read("codex") == profiles.starter("codex").replace(
        b'fast = "codex:gpt-5.4-mini"', b'fast = "codex:tiny"'
    )


@pytest.mark.parametrize(("role", "model"), [("evalutor", "codex:x"), ("agent", "x"), ("agent", "nobody:x")])
def test_a_wrong_role_or_model_changes_nothing(options: Options, two: Store, role: str, model: str) -> None:
    for name in ("fast", "codex"):
        with pytest.raises(UsageError):
            verbs.set_model(options, name, role, model)
    assert (two.names(), two.read("fast")) == (("fast", "slow"), FAST)


def test_starters_are_written_once_and_none_is_used(options: Options, store: Store) -> None:
    store.write("codex", SLOW)
    assert [each.name for each in verbs.init_starters(options)] == ["claude", "wgnext", "mixed"]
    assert verbs.init_starters(options) == ()
    assert (store.read("codex"), store.pointer()) == (SLOW, None)


def typing(*lines: str, code: int = 0) -> Callable[[Sequence[str]], int]:
    """An editor in which somebody writes these lines and nothing else; without lines, nothing is changed."""

    def run(argv: Sequence[str]) -> int:
        if lines:
            Path(argv[-1]).write_text("".join(f"{line}\n" for line in lines))
        return code

    return run


def with_editor(options: Options, **variables: str) -> Options:
    return replace(options, environment={**options.environment, **variables})


@pytest.mark.parametrize(
    ("variables", "argv"),
    [
        ({}, ["vi"]),
        ({"EDITOR": "nano -w"}, ["nano", "-w"]),
        ({"EDITOR": "nano", "VISUAL": "'my editor' --wait"}, ["my editor", "--wait"]),
        ({"EDITOR": "nano", "VISUAL": " "}, ["nano"]),
    ],
)
def test_the_editor_is_started_with_its_arguments_on_a_copy(
    options: Options, two: Store, variables: dict[str, str], argv: list[str]
) -> None:
    started: list[list[str]] = []

    def run(words: Sequence[str]) -> int:
        started.append([*words])
        assert Path(words[-1]).read_bytes() == FAST
        return 0

    written = verbs.edit(with_editor(options, **variables), "fast", run)
    ((*words, copy),) = started
    assert (words, Path(copy).name) == (argv, "fast.toml")
    assert (Path(copy) != two.path("fast"), Path(copy).parent.exists()) == (True, False)
    assert (written.changes, written.daemons) == ((), ())


def test_what_was_edited_takes_the_profile_s_place(options: Options, two: Store, told: list[str | None]) -> None:
    written = verbs.edit(options, "fast", typing('agent.model = "codex:gpt-5.4"'))
    assert written.changes == (
        Change(key="agent.model", before="codex:gpt-5.5", after="codex:gpt-5.4"),
        Change(key="description", before="Quick", after=None),
    )
    assert (two.read("fast"), told) == (b'agent.model = "codex:gpt-5.4"\n', ["fast"])


def test_a_starter_is_written_only_when_it_was_changed(options: Options, store: Store) -> None:
    verbs.edit(options, "codex", typing())
    assert store.names() == ()
    verbs.edit(options, "codex", typing('agent.model = "codex:x"'))
    assert store.read("codex") == b'agent.model = "codex:x"\n'


def kept_copy(error: UsageError) -> Path:
    """The file that an error says to have kept; it is removed."""
    text = f"{error.message} {error.remedy}"
    path = Path(text.split("what was written is in ", maxsplit=1)[1].partition(" ")[0].rstrip(";"))
    content = path.read_bytes()
    assert content
    path.unlink()
    path.parent.rmdir()
    return path


def test_an_invalid_edit_is_kept_elsewhere_and_changes_nothing(options: Options, two: Store) -> None:
    with pytest.raises(UsageError, match=r"fast\.toml:2:1: agnt: ") as caught:
        verbs.edit(options, "fast", typing("# new", 'agnt.model = "codex:x"'))
    kept_copy(caught.value)
    assert two.read("fast") == FAST


def test_an_edit_of_what_was_changed_meanwhile_is_kept_elsewhere(options: Options, two: Store) -> None:
    def run(argv: Sequence[str]) -> int:
        two.write("fast", SLOW)
        return typing('agent.model = "codex:x"')(argv)

    with pytest.raises(UsageError, match="changed meanwhile") as caught:
        verbs.edit(options, "fast", run)
    kept_copy(caught.value)
    assert two.read("fast") == SLOW


def test_an_editor_that_fails_changes_nothing(options: Options, two: Store) -> None:
    with pytest.raises(UsageError, match=r"exit code 3$"):
        verbs.edit(options, "fast", typing(code=3))
    with pytest.raises(UsageError, match=r"exit code 3;") as caught:
        verbs.edit(options, "fast", typing("agent = {}", code=3))
    kept_copy(caught.value)
    with pytest.raises(UsageError, match="EDITOR cannot be read"):
        verbs.edit(with_editor(options, EDITOR="'x"), "fast", typing())
    assert two.read("fast") == FAST


def test_an_active_profile_whose_file_is_gone_is_listed_as_broken(options: Options) -> None:
    verbs.create(options, "gone", model="claude:opus")
    verbs.use(options, "gone")
    [path] = [each.path for each in verbs.profile_list(options) if each.active]
    Path(path or "").unlink()

    [entry] = [each for each in verbs.profile_list(options) if each.active]

    assert (entry.name, entry.ok, "does not exist" in (entry.problem or "")) == ("gone", False, True)


def test_a_choice_that_is_cleared_tells_of_the_project_s_own(options: Options, two: Store) -> None:
    (options.cwd / ".git").mkdir(exist_ok=True)
    verbs.use(options, "slow", project=True)

    used = verbs.use(options, None)

    assert [(each.key, each.value, each.source.kind) for each in used.shadowed] == [("profile", "slow", "project")]


def test_where_there_is_no_project_none_is_chosen_for(options: Options, two: Store) -> None:
    for path in options.cwd.glob(".*"):
        shutil.rmtree(path)

    with pytest.raises(UsageError, match="is no project"):
        verbs.use(options, "slow", project=True)

    assert not (options.cwd / ".metawsm").exists()


def test_what_a_project_goes_back_to_is_nothing_stronger(options: Options, two: Store) -> None:
    (options.cwd / ".git").mkdir(exist_ok=True)
    verbs.use(options, "slow", project=True)

    assert verbs.use(options, None, project=True).shadowed == ()
