"""Profiles are compared by what they mean."""

from pathlib import Path

import pytest

from doctor.config.paths import Paths
from doctor.errors import UsageError
from doctor.model.options import Options
from doctor.settings.difference import NO_PROFILE, difference, effective_changes
from doctor.settings.effective import effective_values
from doctor.settings.results import Change, Difference


def write(paths: Paths, name: str, text: str) -> Path:
    path = paths.profile_file(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_order_comments_aliases_and_descriptions_mean_nothing(options: Options, paths: Paths) -> None:
    write(paths, "a", 'description = "one"\n[agent]\nmodel = "claude:opus"\n[env]\nX = "1"\nY = "2"\n')
    write(paths, "b", "# two\nenv = {Y = '2', X = '1'}\nagent.model = 'claude-code:opus'\n")
    assert difference(options, "a", "b") == Difference(a="a", b="b", changes=())


def test_a_tier_means_the_same_as_its_model(options: Options, paths: Paths) -> None:
    fast = '[tiers]\nfast = "codex:mini"\n'
    write(paths, "a", f'{fast}[models.evolver]\ntier = "fast"\n')
    write(paths, "b", f'{fast}[models.evolver]\nmodel = "codex:mini"\n')
    assert difference(options, "a", "b").changes == ()


def test_a_changed_tier_changes_every_role_that_takes_it(options: Options, paths: Paths) -> None:
    write(paths, "a", '[tiers]\npremium = "codex:big"\n')
    write(paths, "b", '[tiers]\npremium = "codex:huge"\n[[llm_endpoints.endpoints]]\nname = "e"\nurl = "http://h"\n')
    keys = ("tiers.premium", "stages.reflect.model", "models.creator.model", "models.evolver.model")
    expected = {Change(key=key, before="codex:big", after="codex:huge") for key in keys}
    added = {
        Change(key="endpoints.e.url", before=None, after="http://h"),
        Change(key="endpoints.e.kind", before=None, after="openai"),
    }
    assert set(difference(options, "a", "b").changes) == expected | added


def test_starters_that_nobody_used_can_be_compared(options: Options, paths: Paths) -> None:
    found = difference(options, "claude", "codex")
    assert Change(key="agent.model", before="claude:opus", after="codex:gpt-5.5") in found.changes
    assert not paths.config_dir.exists()


def test_one_profile_is_compared_with_none_whatever_is_active(options: Options, paths: Paths) -> None:
    write(paths, "a", '[agent]\nmodel = "claude:opus"\n')
    write(paths, "b", '[agent]\nmodel = "codex:gpt"\n')
    paths.active_profile_file.write_text("b\n")
    found = difference(options, "a")
    assert (found.a, found.b) == (NO_PROFILE, "a")
    assert Change(key="agent.model", before=None, after="claude:opus") in found.changes
    assert not any("codex" in (change.before or "") for change in found.changes)


def test_a_switch_is_the_difference_of_what_is_in_effect(options: Options, paths: Paths) -> None:
    write(paths, "a", '[dispatcher]\nmodel = "claude:opus"\n')
    write(paths, "b", '[dispatcher]\nmodel = "codex:gpt"\n')
    paths.active_profile_file.write_text("a\n")
    before = effective_values(options)
    paths.active_profile_file.write_text("b\n")
    assert effective_changes(before, effective_values(options)) == (
        Change(key="dispatcher.model", before="claude:opus", after="codex:gpt"),
    )


def test_an_unknown_name_is_answered_with_the_nearest(options: Options, paths: Paths) -> None:
    write(paths, "work", "")
    with pytest.raises(UsageError) as caught:
        difference(options, "work", "cluade")
    assert "claude" in (caught.value.remedy or "")
