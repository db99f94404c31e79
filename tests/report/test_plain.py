"""Plain text: one record per line."""

# ruff: noqa: E501 - golden text stands as it is printed

import unicodedata
from dataclasses import replace

from doctor.model.finding import Finding, Severity
from doctor.model.report import Report
from doctor.report.plain import WIDEST_COLUMN, render
from doctor.report.style import Style

CODEX_PATH = "/home/u/.local/share/npm/a/long/prefix/that/fits/no/column/node_modules/.bin/codex"

NORMAL = f"""\
policy   /home/u/p/.metawsm/policy.json
profile  codex (flag)
agent    error  agent  execute  codex  version=0.169.0 model=gpt-5 profile=codex-default source=agent session=agent-p skills=docmgr,diary path={CODEX_PATH}
stage    ok      execute  codex   version=0.169.0 source=agent
stage    absent  reflect  hermes  source=stage hides=agent=codex
harness  warning  codex  0.169.0  auth=yes path={CODEX_PATH} source=PATH
harness  absent  hermes, amp
note     agent: full_auto is --sandbox workspace-write
finding  error    SKL001  /home/u/p/.metawsm/policy.json:12:18  agent_profiles[0].skills[1]: skill "diary" is in none of the places where it is looked for: /home/u/p/.metawsm/skills/diary/SKILL.md, /home/u/.codex/skills/diary/SKILL.md -> mkdir -p /home/u/p/.metawsm/skills/diary && cp -r /somewhere/with/a/longer/name/diary /home/u/p/.metawsm
finding  warning  HRN002  -                                     harness codex: [claude] is not the harness that this is about
finding  error    STG002  -                                     stage reflect: hermes is not installed -> pip install hermes
check    crashed  HRN009  0.0 ms  KeyError: 'x'
summary  2 errors, 1 warning · 1 check passed, 1 failed, 1 skipped, 1 crashed · 1 ignored · exit 1
"""

VERBOSE_ASCII = f"""\
policy   /home/u/p/.metawsm/policy.json
profile  codex (flag)
agent    error  agent  execute  codex  version=0.169.0 model=gpt-5 profile=codex-default source=agent session=agent-p skills=docmgr,diary path={CODEX_PATH}
stage    ok      execute  codex   version=0.169.0 source=agent
stage    absent  reflect  hermes  source=stage hides=agent=codex
harness  warning  codex   0.169.0  auth=yes path={CODEX_PATH} source=PATH took="12.3 ms"
harness  absent   hermes  -
harness  absent   amp     -
note     agent: full_auto is --sandbox workspace-write
tried    codex  env:DOCTOR_CODEX_PATH  /gone/codex                               does not exist
tried    codex  PATH                   {CODEX_PATH}  used, says codex-cli 0.169.0
skill    docmgr  codex  home /home/u/.codex/skills/docmgr/SKILL.md
skill    diary   codex  missing                                   tried=/home/u/p/.metawsm/skills/diary/SKILL.md
finding  error    SKL001  /home/u/p/.metawsm/policy.json:12:18  agent_profiles[0].skills[1]: skill "diary" is in none of the places where it is looked for: /home/u/p/.metawsm/skills/diary/SKILL.md, /home/u/.codex/skills/diary/SKILL.md -> mkdir -p /home/u/p/.metawsm/skills/diary && cp -r /somewhere/with/a/longer/name/diary /home/u/p/.metawsm
finding  warning  HRN002  -                                     harness codex: [claude] is not the harness that this is about
finding  error    STG002  -                                     stage reflect: hermes is not installed -> pip install hermes
check    passed   ENV001  0.2 ms
check    failed   SKL001  1.5 ms
check    skipped  SKL002  0.0 ms  SKL001 failed
check    crashed  HRN009  0.0 ms  KeyError: 'x' | Traceback line 1
ignored  ENV003  tmux: ours is patched (until 2027-01-01)
summary  2 errors, 1 warning | 1 check passed, 1 failed, 1 skipped, 1 crashed | 1 ignored | 417 ms | exit 1
"""

HOSTILE = "a\x1b[2J\u202eb\nc\rd\u2028\ud800\te"


def test_each_line_is_one_record_with_its_kind_first(report: Report) -> None:
    assert render(report) == NORMAL


def test_verbose_adds_timings_and_every_path_tried(report: Report) -> None:
    assert render(report, Style(verbose=True, unicode=False)) == VERBOSE_ASCII


def test_quiet_leaves_the_findings_and_the_summary(report: Report) -> None:
    kinds = [line.split()[0] for line in render(report, Style(quiet=True)).splitlines()]
    assert kinds == ["finding", "finding", "finding", "check", "summary"]


def test_findings_of_one_subject_stand_together(report: Report) -> None:
    again = replace(report.findings[0], code="SKL009")
    lines = render(replace(report, findings=(*report.findings, again)), Style(quiet=True)).splitlines()
    assert [line.split()[2] for line in lines[:4]] == ["SKL001", "SKL009", "HRN002", "STG002"]


def test_hostile_text_adds_no_line_and_no_control_character(report: Report) -> None:
    binding = replace(report.agents[0], agent=HOSTILE, profile=HOSTILE, session=HOSTILE, skills=(HOSTILE,))
    finding = Finding(code="ABC001", severity=Severity.ERROR, subject=HOSTILE, message=HOSTILE, remedy=HOSTILE)
    text = render(replace(report, agents=(binding,), findings=(finding,)), Style(verbose=True))
    assert {line.split()[0] for line in text.splitlines()} <= {
        "policy", "profile", "agent", "stage", "harness", "note", "tried", "skill", "finding", "check", "ignored",
        "summary",
    }  # fmt: skip
    assert {each for each in text if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"}} == {"\n"}


def test_one_long_name_does_not_widen_every_line(report: Report) -> None:
    long = replace(report.agents[0], agent="x" * 100_000)
    lines = render(replace(report, agents=(report.agents[0], long))).splitlines()
    agents = [line for line in lines if line.startswith("agent")]
    assert agents[0].startswith(f"agent    error  {'agent'.ljust(WIDEST_COLUMN)}  execute")
