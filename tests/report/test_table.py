"""The table: golden text at fixed widths, and what must never reach a terminal."""

import unicodedata
from dataclasses import replace

import pytest

from doctor.model.binding import Binding
from doctor.model.finding import Finding, Severity
from doctor.model.report import Report
from doctor.report.style import Style
from doctor.report.table import MOST_AGENTS, render

FOR_U = Style(home="/home/u")

NORMAL = """\
policy   ~/p/.metawsm/policy.json
profile  codex (flag)

Agents
agent  stage    harness           version  model  skills
agent  execute  codex    ✗ error  0.169.0  gpt-5  docmgr, diary
agent: full_auto is --sandbox workspace-write

Stages
stage    harness            version  chosen by  hides
execute  codex    ✓ ok      0.169.0  agent
reflect  hermes   ✗ absent           stage      agent=codex

Harnesses
harness             version  login  path
codex    ! warning  0.169.0  yes    ~/.local/share…olumn/node_modules/.bin/codex
absent: hermes, amp

agent_profiles[0].skills[1]
  ✗ SKL001  skill "diary" is in none of the places where it is looked for:
    /home/u/p/.metawsm/skills/diary/SKILL.md,
    /home/u/.codex/skills/diary/SKILL.md
    ~/p/.metawsm/policy.json:12:18
    → mkdir -p /home/u/p/.metawsm/skills/diary && cp -r /somewhere/with/a/longer/name/diary /home/u/p/.metawsm

harness codex
  ! HRN002  [claude] is not the harness that this is about

stage reflect
  ✗ STG002  hermes is not installed
    → pip install hermes

✗ HRN009 crashed: KeyError: 'x'

2 errors, 1 warning · 1 check passed, 1 failed, 1 skipped, 1 crashed · 1 ignored · exit 1
"""

QUIET = """\
agent_profiles[0].skills[1]
  ✗ SKL001  skill "diary" is in none of the places where it is looked for:
    /home/u/p/.metawsm/skills/diary/SKILL.md,
    /home/u/.codex/skills/diary/SKILL.md
    ~/p/.metawsm/policy.json:12:18
    → mkdir -p /home/u/p/.metawsm/skills/diary && cp -r /somewhere/with/a/longer/name/diary /home/u/p/.metawsm

harness codex
  ! HRN002  [claude] is not the harness that this is about

stage reflect
  ✗ STG002  hermes is not installed
    → pip install hermes

✗ HRN009 crashed: KeyError: 'x'

2 errors, 1 warning · 1 check passed, 1 failed, 1 skipped, 1 crashed · 1 ignored · exit 1
"""

VERBOSE_ASCII = """\
policy   ~/p/.metawsm/policy.json
profile  codex (flag)

Agents
agent  stage    harness           version  model  skills
agent  execute  codex    x error  0.169.0  gpt-5  docmgr, diary
agent: full_auto is --sandbox workspace-write

Stages
stage    harness            version  chosen by  hides
execute  codex    + ok      0.169.0  agent
reflect  hermes   x absent           stage      agent=codex

Harnesses
harness             version  login  path                                 took
codex    ! warning  0.169.0  yes    ~/.local/s...ode_modules/.bin/codex  12.3 ms
hermes   - absent
amp      - absent

Would start
agent: /home/u/.local/share/npm/a/long/prefix/that/fits/no/column/node_modules/.bin/codex exec {prompt}
  may: write files in the workspace

Programs tried
codex: env:DOCTOR_CODEX_PATH /gone/codex: does not exist
codex: PATH ~/.local/share/npm/a/long/prefix/that/fits/no/column/node_modules/.bin/codex: used, says codex-cli 0.169.0

Skills
docmgr for codex: home ~/.codex/skills/docmgr/SKILL.md
diary for codex: missing
  tried ~/p/.metawsm/skills/diary/SKILL.md

Checks
+ ENV001 passed (0.2 ms)
x SKL001 failed (1.5 ms)
- SKL002 skipped (0.0 ms): SKL001 failed

Ignored
ENV003 tmux: ours is patched (until 2027-01-01)

agent_profiles[0].skills[1]
  x SKL001  skill "diary" is in none of the places where it is looked for:
    /home/u/p/.metawsm/skills/diary/SKILL.md,
    /home/u/.codex/skills/diary/SKILL.md
    ~/p/.metawsm/policy.json:12:18
    -> mkdir -p /home/u/p/.metawsm/skills/diary && cp -r /somewhere/with/a/longer/name/diary /home/u/p/.metawsm

harness codex
  ! HRN002  [claude] is not the harness that this is about

stage reflect
  x STG002  hermes is not installed
    -> pip install hermes

x HRN009 crashed (0.0 ms): KeyError: 'x'
    Traceback
      line 1

2 errors, 1 warning | 1 check passed, 1 failed, 1 skipped, 1 crashed | 1 ignored | 417 ms | exit 1
"""


def test_the_table_says_who_runs_where_and_then_what_is_wrong(report: Report) -> None:
    assert render(report, FOR_U) == NORMAL


def test_quiet_leaves_the_findings_and_the_summary(report: Report) -> None:
    assert render(report, replace(FOR_U, quiet=True)) == QUIET


def test_verbose_adds_timings_and_every_path_tried_in_ascii_where_symbols_cannot_be_shown(report: Report) -> None:
    assert render(report, replace(FOR_U, verbose=True, unicode=False)) == VERBOSE_ASCII


def test_an_embedded_default_and_no_findings_are_said_in_words(report: Report) -> None:
    policy = replace(report.policy, path=None, sha256=None, embedded_default=True)
    bare = replace(report, policy=policy, agents=(), stages=(), harnesses=(), findings=(), ignored=(), checks=())
    assert render(bare) == (
        "policy   embedded default (no policy file found)\nprofile  codex (flag)\n\n"
        "no problems · no checks ran · exit 1\n"
    )


def test_everything_but_places_and_remedies_fits_80_columns(report: Report) -> None:
    wide = [line for line in render(report, FOR_U).splitlines() if len(line) > 80]
    assert [line.strip()[:7] for line in wide] == ["→ mkdir", "2 error"]


@pytest.mark.parametrize("width", [1, 20, 40])
def test_a_narrow_terminal_cuts_no_word_that_tells_which_row_is_broken(report: Report, width: int) -> None:
    text = render(report, Style(width=width))
    assert "reflect  hermes   ✗ absent" in text
    assert "codex    ! warning  0.169.0" in text


def test_remedies_are_never_broken(report: Report) -> None:
    lines = render(report, Style(width=20)).splitlines()
    assert f"    → {report.findings[0].remedy}" in lines


def test_brackets_and_colour_codes_of_messages_are_text(report: Report) -> None:
    finding = replace(report.findings[1], message="[red]no[/red] [claude] :smile:")
    assert "  ! HRN002  [red]no[/red] [claude] :smile:\n" in render(replace(report, findings=(finding,)))


def test_colour_marks_only_when_asked_for(report: Report) -> None:
    assert "\x1b" not in render(report)
    colored = render(report, Style(color=True))
    assert "\x1b[31m✗ absent" in colored
    assert "\x1b[33m! HRN002\x1b[0m" in colored


HOSTILE = "a\x1b[2J\x9b1m\u202eb\nc\rd\u2028\ud800\x07"


def hostile(report: Report) -> Report:
    """The report with hostile text wherever text comes from files."""
    binding = replace(report.agents[0], agent=HOSTILE, profile=HOSTILE, session=HOSTILE, skills=(HOSTILE,))
    finding = Finding(code="ABC001", severity=Severity.ERROR, subject=HOSTILE, message=HOSTILE, remedy=HOSTILE)
    policy = replace(report.policy, path=f"/{HOSTILE}")
    return replace(report, agents=(binding,), findings=(finding,), policy=policy)


@pytest.mark.parametrize("verbose", [False, True])
def test_nothing_that_others_wrote_acts_on_the_terminal(report: Report, *, verbose: bool) -> None:
    text = render(hostile(report), Style(verbose=verbose))
    bad = {each for each in text if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"}} | set(text) & {"\u202e"}
    assert bad == {"\n"}


def test_no_line_of_a_message_can_pose_as_a_line_of_the_report(report: Report) -> None:
    finding = Finding(code="ABC001", severity=Severity.ERROR, subject="s", message="m\nno problems · exit 0")
    text = render(replace(report, findings=(finding,)))
    assert "    no problems · exit 0\n" in text
    assert "\nno problems" not in text


def crowd(binding: Binding, number: int) -> tuple[Binding, ...]:
    return tuple(
        replace(binding, agent=f"a{index}", profile="bad" if index == number - 1 else "good") for index in range(number)
    )


def test_of_very_many_agents_the_broken_ones_are_shown_first(report: Report) -> None:
    many = replace(report, agents=crowd(report.agents[0], MOST_AGENTS + 5), blocked=frozenset({"profile:bad"}))
    lines = render(many, FOR_U).splitlines()
    assert lines[5].split()[:5] == [f"a{MOST_AGENTS + 4}", "execute", "codex", "✗", "error"]
    assert "and 5 more; all of them: doctor --format plain" in lines
