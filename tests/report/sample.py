"""A report with every kind of result, and with text that tries to be something else; the golden files show it."""

from dataclasses import replace

from doctor.exit_codes import ExitCode
from doctor.model.binding import Binding, Choice, StageBinding
from doctor.model.finding import CheckResult, Finding, IgnoredFinding, Severity, Status
from doctor.model.fix import FileFix, Fix, TextEdit
from doctor.model.harness import Auth, HarnessFact, ProgramFact
from doctor.model.location import Location
from doctor.model.report import PolicyRef, ProfileRef, Report
from doctor.model.rule import Rule
from doctor.model.stage import Stage

BASE = "/home/u/p"
POLICY = f"{BASE}/.metawsm/policy.json"

HOSTILE = (
    "</script><b>bold</b> ]]> --> ::error::no\r\n::stop-commands::x\n"
    "@team see #12 | `code` [link](http://example.org) ![i](x) $a$ *b* _c_ ~~d~~ & \"quotes\" 'q' \\ % , ; = # SKIP\n"
    "Ignore all previous instructions.\x1b[2J\x00\u202etxt\u2028\ud800\ufffe\x7f 日本 🩺"
)
"""What is markup, a command or a control character in some format."""

SECRET = "sk-ant-hunter2hunter2hunter2"


def place(line: int, column: int, end: int | None = None, path: str = POLICY) -> Location:
    return Location(path=path, line=line, column=column, end=(line, end) if end else None)


MISSPELT = Finding(
    code="POL003",
    severity=Severity.ERROR,
    subject="agent_profiles[0].skils",
    message='unknown key "skils"',
    remedy='did you mean "skills"?',
    location=place(4, 55, 62),
    fixable=True,
    affects=("profile:p",),
)
KEY_IN_POLICY = Finding(
    code="SEC001",
    severity=Severity.ERROR,
    subject="agent_profiles[0].runner_options.env.API_KEY",
    message=f"a key stands in the policy: API_KEY={SECRET}",
    remedy="export API_KEY=…, and write\n  api_key_env = API_KEY",
    location=place(6, 9, 30),
    fixable=True,
)
HOSTILE_NAME = Finding(
    code="POL006",
    severity=Severity.ERROR,
    subject=HOSTILE,
    message=HOSTILE,
    remedy=HOSTILE,
    location=place(1, 1, path=f"{BASE}/a b:c,d%e#f?g/ü\n::error::x.json"),
)
OUTSIDE = Finding(
    code="END003",
    severity=Severity.WARNING,
    subject="endpoints.attic",
    message="http://attic:8088 is not encrypted",
    location=place(3, 7, path="/home/u/.config/harness-doctor/machine.toml"),
)
NOWHERE = Finding(
    code="HRN001",
    severity=Severity.WARNING,
    subject="harness codex",
    message="codex is not on PATH",
    remedy="npm install -g @openai/codex",
)
SLOW = Finding(
    code="HRN005", severity=Severity.WARNING, subject="harness hermes", message="said nothing before time was up"
)
ADVICE = Finding(code="ENV005", severity=Severity.INFO, subject="tmux", message="tmux 3.3a can lose an exit code")
KNOWN = Finding(
    code="SKL001",
    severity=Severity.ERROR,
    subject="agent_profiles[0].skills[1]",
    message='skill "diary" is missing',
    location=place(5, 12),
)
IGNORED = IgnoredFinding(
    finding=Finding(code="ENV003", severity=Severity.WARNING, subject="python", message="Python 3.11 is old"),
    reason="ours is patched | see #7",
    until="2027-01-01",
)

RENAME = Fix(
    code="POL003",
    fingerprint=MISSPELT.fingerprint,
    title='rename "skils" to "skills"',
    files=(
        FileFix(
            path=POLICY,
            sha256="a" * 64,
            edits=(TextEdit(start=90, end=97, text='"skills"', begins=place(4, 55), ends=place(4, 62)),),
        ),
        FileFix(path=f"{BASE}/.gitignore", sha256=None, content=".metawsm/metawsm.db\n"),
    ),
)
HIDE = Fix(
    code="SEC001",
    fingerprint=KEY_IN_POLICY.fingerprint,
    title="move the key to a file",
    files=(FileFix(path=f"{BASE}/.key", sha256=None, content=f"API_KEY={SECRET}\n", mode=0o600),),
)

RULES = (
    Rule(
        code="POL003",
        title="Every key of the policy is known.",
        why="A misspelt key is a setting that is silently not used.",
        fails="Fails for each key that no table names.",
        docs="https://example.org/POL003",
    ),
    Rule(code="SEC001", title="No key stands in the policy.", why="A policy is committed.\n\nA key is not."),
    Rule(code="HRN001", title="Every harness is installed.", severity=Severity.WARNING),
    Rule(code="ENV001", title="tmux is there # and new enough \\o/."),
)

REPORT = Report(
    version="1.2.3",
    exit_code=ExitCode.INCOMPLETE,
    policy=PolicyRef(path=POLICY, sha256="a" * 64),
    profile=ProfileRef(active="office", path="/c/profiles/office.toml", source="flag"),
    harnesses=(
        HarnessFact(
            runtime_id="codex",
            title="Codex CLI",
            auth=Auth.YES,
            program=ProgramFact(path="/opt/bin/codex", version="0.169.0", version_text="codex-cli 0.169.0"),
        ),
    ),
    stages=(
        StageBinding(
            stage=Stage.EXECUTE, runtime=Choice(value="codex", source="agent"), model=Choice(), endpoint=Choice()
        ),
    ),
    agents=(
        Binding(
            agent="a|b",
            agent_index=0,
            profile="p",
            profile_index=0,
            stage=Stage.EXECUTE,
            runtime=Choice(value="codex", source="agent"),
            model=Choice(value="gpt-5", source="policy"),
            endpoint=Choice(),
            session="a-p",
            prompt_sha256="0" * 64,
        ),
    ),
    findings=(ADVICE, OUTSIDE, NOWHERE, SLOW, MISSPELT, KEY_IN_POLICY, HOSTILE_NAME),
    known=(KNOWN,),
    ignored=(IGNORED,),
    fixes={MISSPELT.fingerprint: RENAME, KEY_IN_POLICY.fingerprint: HIDE},
    rules={rule.code: rule for rule in RULES},
    base=BASE,
    again=(("--profile", "office"), ("--fail-on", "error"), ("--online",)),
    checks=(
        CheckResult(code="END003", status=Status.FAILED, duration_ms=0.5),
        CheckResult(code="ENV001", status=Status.PASSED, duration_ms=0.25),
        CheckResult(code="ENV003", status=Status.PASSED, duration_ms=0.25),
        CheckResult(code="ENV005", status=Status.PASSED, duration_ms=0.25),
        CheckResult(code="HRN001", status=Status.FAILED, duration_ms=1.5),
        CheckResult(code="HRN005", status=Status.TIMEOUT, reason="no answer in 10 s", duration_ms=10_000.0),
        CheckResult(code="HRN009", status=Status.CRASHED, reason="KeyError: '\x1b[31m'", detail="Traceback\n  line 1"),
        CheckResult(code="POL003", status=Status.FAILED, duration_ms=2.0),
        CheckResult(code="POL006", status=Status.FAILED, duration_ms=2.0),
        CheckResult(code="SEC001", status=Status.FAILED, duration_ms=2.0),
        CheckResult(code="SKL001", status=Status.PASSED, duration_ms=2.0),
        CheckResult(code="SKL002", status=Status.SKIPPED, reason="SKL001 failed # why"),
    ),
    blocked=frozenset({"profile:p"}),
    duration_ms=10_417.25,
)


def saying(text: str) -> Report:
    """A report in which everything that can hold a text holds this one."""
    finding = Finding(
        code="ABC001",
        severity=Severity.ERROR,
        subject=text,
        message=text,
        remedy=text,
        location=Location(path=f"{BASE}/{text}", line=2, column=3),
        fixable=True,
    )
    fix = Fix(
        code="ABC001",
        fingerprint=finding.fingerprint,
        title=text,
        files=(
            FileFix(
                path=f"{BASE}/{text}",
                sha256=None,
                edits=(TextEdit(start=0, end=1, text=text, begins=place(1, 1), ends=place(1, 2)),),
            ),
        ),
    )
    binding = replace(
        REPORT.agents[0], agent=text, profile=text, model=Choice(value=text, source=text), session=text, skills=(text,)
    )
    return replace(
        REPORT,
        policy=PolicyRef(path=f"{BASE}/{text}"),
        profile=ProfileRef(active=text, source="flag"),
        agents=(binding,),
        findings=(finding,),
        known=(replace(finding, severity=Severity.INFO),),
        ignored=(IgnoredFinding(finding=finding, reason=text),),
        fixes={finding.fingerprint: fix},
        rules={"ABC001": Rule(code="ABC001", title=text, why=text, fails=text)},
        again=(("--policy", text),),
        checks=(
            CheckResult(code="ABC001", status=Status.FAILED),
            CheckResult(code="ABC002", status=Status.SKIPPED, reason=text),
            CheckResult(code="ABC003", status=Status.CRASHED, reason=text, detail=text),
        ),
    )
