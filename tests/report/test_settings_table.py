"""Profiles, values, changes and endpoints as people see them."""

from dataclasses import replace
from pathlib import Path

import pytest

from doctor.config.paths import Paths
from doctor.report.settings_table import (
    answers,
    difference_table,
    endpoints_table,
    imports_table,
    profiles_table,
    setup_table,
    several_table,
    shown_table,
    unmoved,
    used_table,
    verdicts_table,
    written_table,
)
from doctor.report.style import Style
from doctor.settings.importing import ImportedProfile, Imports
from doctor.settings.init import PlannedFile, Setup
from doctor.settings.results import (
    Change,
    Daemon,
    Difference,
    EndpointEntry,
    EndpointVerdict,
    ProfileEntry,
    Shadow,
    Shown,
    Source,
    Used,
    Value,
    Written,
)
from doctor.settings.wg_profile import Note

PATHS = Paths(config_dir=Path("/c"), state_dir=Path("/s"), cache_dir=Path("/k"))
WIDE = Style(width=200, home="/home/ada")
FILE = Source(kind="profile", path="/home/ada/c/codex.toml", line=3)
MODEL = Value(
    key="agent.model",
    value="codex:gpt-5.5",
    source=FILE,
    shadows=(Shadow(value="codex:gpt-5", source=Source(kind="machine")),),
)
CHANGE = Change(key="tiers.fast", before=None, after="claude:haiku")
FOLLOWS = Daemon(pid=7, ok=True, error=None, values={})
STAYS = Daemon(pid=8, ok=False, error="broken", values={})
USED = Used(
    previous="claude", active="codex", changes=(CHANGE,), shadowed=(), daemons=(FOLLOWS, STAYS), scope="machine"
)
ENTRY = ProfileEntry(name="codex", kind="user", active=True, description="Codex", path="/home/ada/c.toml", ok=True)
VERDICT = EndpointVerdict(
    name="attic", url="http://h/v1", reachable=True, auth="yes", model="present", detail="", duration_ms=12.3
)


def test_a_list_marks_the_active_one_and_says_what_is_wrong_below() -> None:
    broken = replace(ENTRY, name="old", active=False, description="", ok=False, problem="old.toml:1:1: no TOML")
    assert profiles_table((ENTRY, broken), (), WIDE) == (
        "profile  kind  active  state    description\n"
        "codex    user  yes     ✓ ok     Codex\n"
        "old      user          ✗ error\n"
        "\n"
        "old: old.toml:1:1: no TOML\n"
    )


def test_paths_of_profiles_are_shown_when_more_is_asked_for() -> None:
    assert "~/c.toml" in profiles_table((ENTRY,), (), replace(WIDE, verbose=True))


def test_a_value_stands_beside_its_place_and_what_it_hides() -> None:
    assert shown_table(Shown(name=None, values=(MODEL,)), (), WIDE) == (
        "key          value          from                       hides\n"
        "agent.model  codex:gpt-5.5  profile ~/c/codex.toml:3  machine=codex:gpt-5\n"
    ).replace("from                       hides", "from                      hides")


def test_a_difference_has_the_profiles_names_above_it() -> None:
    assert difference_table(Difference(a="claude", b="codex", changes=(CHANGE,)), (), WIDE) == (
        "key         claude  codex\ntiers.fast  -       claude:haiku\n"
    )


def test_a_switch_shows_old_and_new_and_who_follows() -> None:
    assert used_table(USED, (), WIDE) == (
        "profile  claude → codex\n\nkey         before  after\ntiers.fast  -       claude:haiku\n\nprocess 7 follows\n"
    )


def test_a_switch_shows_what_something_stronger_hides() -> None:
    text = used_table(replace(USED, shadowed=(MODEL,), changes=(), daemons=()), (), WIDE)
    assert text.split("\n\n")[1].startswith("something stronger wins over these values of the profile\nkey ")


@pytest.mark.parametrize(
    ("used", "head"),
    [
        (replace(USED, active=None), "profile  claude → none\n"),
        (replace(USED, previous="codex"), "profile  codex, as before\n"),
        (replace(USED, scope="project"), "profile  claude → codex for this project\n"),
    ],
)
def test_the_first_line_of_a_switch_says_what_became_of_what(used: Used, head: str) -> None:
    assert used_table(used, (), WIDE).startswith(head)


def test_without_symbols_the_arrow_is_ascii() -> None:
    assert used_table(USED, (), replace(WIDE, unicode=False)).startswith("profile  claude -> codex\n")


def test_who_does_not_follow_is_said_apart() -> None:
    assert list(unmoved(USED.daemons)) == ["process 8 did not follow: broken"]


def test_what_was_written_is_shown_with_its_file() -> None:
    written = Written(name="attic", path="/home/ada/c/attic.toml", changes=(CHANGE,), daemons=(FOLLOWS,))
    assert written_table(written, (), WIDE, done="created") == (
        "created  attic  ~/c/attic.toml\n"
        "\n"
        "key         before  after\n"
        "tiers.fast  -       claude:haiku\n"
        "\n"
        "process 7 follows\n"
    )
    assert several_table((written, replace(written, name="b")), (), WIDE) == (
        "attic  ~/c/attic.toml\nb      ~/c/attic.toml\n"
    )


def test_endpoints_show_where_their_keys_are() -> None:
    entry = EndpointEntry(
        name="attic", url="http://h/v1", kind="openai", key="env:K", default=True, source=FILE, ok=False, problem="no"
    )
    assert endpoints_table((entry,), (), WIDE) == (
        "endpoint  state    kind    default  url          key    from\n"
        "attic     ✗ error  openai  yes      http://h/v1  env:K  profile ~/c/codex.toml:3\n"
        "\n"
        "attic: no\n"
    )


def test_verdicts_are_a_row_each_and_details_below() -> None:
    bad = replace(VERDICT, name="far", reachable=False, auth="unknown", model="unknown", detail="timed out")
    assert verdicts_table((VERDICT, bad), (), WIDE) == (
        "endpoint  state    reached  key       model    took   url\n"
        "attic     ✓ ok     yes      accepted  present  12 ms  http://h/v1\n"
        "far       ✗ error  no       unknown   unknown  12 ms  http://h/v1\n"
        "\n"
        "far: timed out\n"
    )


@pytest.mark.parametrize(
    ("verdict", "good"),
    [
        (VERDICT, True),
        (replace(VERDICT, auth="none", model="unknown"), True),
        (replace(VERDICT, reachable=False), False),
        (replace(VERDICT, auth="no"), False),
        (replace(VERDICT, model="absent"), False),
    ],
)
def test_an_endpoint_answers_unless_something_bad_was_found(verdict: EndpointVerdict, *, good: bool) -> None:
    assert answers(verdict) is good


def test_nothing_is_shown_of_nothing() -> None:
    empty = (
        profiles_table((), ()),
        shown_table(Shown(name=None, values=()), ()),
        difference_table(Difference(a="a", b="b", changes=()), ()),
        endpoints_table((), ()),
        verdicts_table((), ()),
        several_table((), ()),
    )
    assert empty == ("",) * len(empty)


HOSTILE = "x\x1b[2J\u202e\nsk-abcdefghijklmnop0123"


def test_hostile_text_and_secrets_reach_no_table() -> None:
    source = Source(kind="profile", path=HOSTILE, line=1)
    value = Value(key=HOSTILE, value=HOSTILE, source=source, shadows=(Shadow(value=HOSTILE, source=source),))
    change = Change(key=HOSTILE, before=HOSTILE, after=HOSTILE)
    daemon = Daemon(pid=1, ok=False, error=HOSTILE, values={HOSTILE: HOSTILE})
    used = Used(previous=HOSTILE, active=None, changes=(change,), shadowed=(value,), daemons=(daemon,), scope="machine")
    entry = ProfileEntry(
        name=HOSTILE, kind="user", active=True, description=HOSTILE, path=HOSTILE, ok=False, problem=HOSTILE
    )
    endpoint = EndpointEntry(
        name=HOSTILE, url=HOSTILE, kind=HOSTILE, key=HOSTILE, default=True, source=source, ok=False, problem=HOSTILE
    )
    verdict = replace(VERDICT, name=HOSTILE, url=HOSTILE, detail=HOSTILE)
    written = Written(name=HOSTILE, path=HOSTILE, changes=(change,), daemons=(daemon,))
    style = replace(WIDE, verbose=True)
    shown = "".join(
        (
            profiles_table((entry,), (), style),
            shown_table(Shown(name=HOSTILE, values=(value,)), (), style),
            difference_table(Difference(a=HOSTILE, b=HOSTILE, changes=(change,)), (), style),
            used_table(used, (), style),
            written_table(written, (), style),
            several_table((written,), (), style),
            endpoints_table((endpoint,), (), style),
            verdicts_table((verdict,), (), style),
        )
    )
    assert [each for each in ("\x1b", "\u202e", "abcdefghijklmnop") if each in shown] == []


def test_a_setup_shows_what_is_new_and_what_stays() -> None:
    files = (
        PlannedFile(path="/home/ada/p/policy.json", what="policy", exists=True),
        PlannedFile(path="/home/ada/c/codex.toml", what="named profile codex", exists=False),
    )
    assert setup_table(Setup(route="codex", found="codex 0.169.0", paths=PATHS, files=files), (), WIDE) == (
        "route  codex · codex 0.169.0\n"
        "\n"
        "file   what                 path\n"
        "stays  policy               ~/p/policy.json\n"
        "new    named profile codex  ~/c/codex.toml\n"
    )


def test_an_import_shows_what_became_of_each_file_and_what_is_to_be_known() -> None:
    imports = Imports(
        profiles=(
            ImportedProfile(name="a", source="/home/ada/w/a.toml", path="/home/ada/c/a.toml"),
            ImportedProfile(name="b", source="/home/ada/w/b.toml", path=None, problem="no TOML"),
        ),
        notes=(Note(key="tui", message="has no meaning here", path="/home/ada/w/a.toml", line=4),),
    )
    assert imports_table(imports, (), WIDE) == (
        "profile  state    from        to\n"
        "a        ✓ ok     ~/w/a.toml  ~/c/a.toml\n"
        "b        ✗ error  ~/w/b.toml\n"
        "\n"
        "b: no TOML\n"
        "~/w/a.toml:4: tui: has no meaning here\n"
    )
