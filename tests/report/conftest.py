"""A report with one of everything, written by hand."""

import pytest

from doctor.exit_codes import ExitCode
from doctor.model.binding import Binding, Choice, StageBinding
from doctor.model.finding import CheckResult, Finding, IgnoredFinding, Severity, Status
from doctor.model.harness import (
    PROMPT,
    Auth,
    Candidate,
    CompiledArgv,
    HarnessFact,
    ProgramFact,
    SkillFact,
    SkillProblem,
    SkillSource,
)
from doctor.model.location import Location
from doctor.model.process import Health, Outcome, OutcomeKind, ProcessView, Receipt, State
from doctor.model.report import PolicyRef, ProfileRef, Report
from doctor.model.secret import SecretRef
from doctor.model.spec import Delivery, LaunchSpec, Mode, ProgramIdentity, PromptRef, SkillRef
from doctor.model.stage import Stage

POLICY = "/home/u/p/.metawsm/policy.json"
CODEX_PATH = "/home/u/.local/share/npm/a/long/prefix/that/fits/no/column/node_modules/.bin/codex"

CODEX = HarnessFact(
    runtime_id="codex",
    title="Codex CLI",
    auth=Auth.YES,
    auth_detail="codex login status says so",
    program=ProgramFact(
        path=CODEX_PATH,
        path_source="PATH",
        candidates=(
            Candidate(source="env:DOCTOR_CODEX_PATH", path="/gone/codex", problem="does not exist"),
            Candidate(source="PATH", path=CODEX_PATH),
        ),
        version="0.169.0",
        version_text="codex-cli 0.169.0",
        version_source="probe",
        duration_ms=12.3456,
    ),
)
HERMES = HarnessFact(runtime_id="hermes", title="Hermes")
AMP = HarnessFact(runtime_id="amp", title="Amp")

BINDING = Binding(
    agent="agent",
    agent_index=0,
    profile="codex-default",
    profile_index=0,
    stage=Stage.EXECUTE,
    runtime=Choice(value="codex", source="agent"),
    model=Choice(value="gpt-5", source="policy"),
    endpoint=Choice(),
    skills=("docmgr", "diary"),
    session="agent-p",
    prompt_sha256="0" * 64,
    launch=CompiledArgv(
        argv=(CODEX_PATH, "exec", PROMPT),
        env={"SOME_TOKEN": "hunter2-hunter2"},
        notes=("full_auto is --sandbox workspace-write",),
        grants=("write files in the workspace",),
    ),
)

MISSING_SKILL = Finding(
    code="SKL001",
    severity=Severity.ERROR,
    subject="agent_profiles[0].skills[1]",
    message=(
        'skill "diary" is in none of the places where it is looked for: '
        "/home/u/p/.metawsm/skills/diary/SKILL.md, /home/u/.codex/skills/diary/SKILL.md"
    ),
    remedy="mkdir -p /home/u/p/.metawsm/skills/diary && cp -r /somewhere/with/a/longer/name/diary /home/u/p/.metawsm",
    docs="doctor explain SKL001",
    location=Location(path=POLICY, line=12, column=18, pointer="/agent_profiles/0/skills/1"),
    affects=("profile:codex-default",),
)
OLD_CODEX = Finding(
    code="HRN002",
    severity=Severity.WARNING,
    subject="harness codex",
    message="[claude] is not the harness that this is about",
    affects=("runtime:codex",),
)
ABSENT_HERMES = Finding(
    code="STG002",
    severity=Severity.ERROR,
    subject="stage reflect",
    message="hermes is not installed",
    remedy="pip install hermes",
    affects=("stage:reflect",),
)


@pytest.fixture
def report() -> Report:
    return Report(
        version="1.2.3",
        exit_code=ExitCode.FINDINGS,
        policy=PolicyRef(path=POLICY, sha256="a" * 64),
        profile=ProfileRef(active="codex", path="/c/profiles/codex.toml", source="flag"),
        harnesses=(CODEX, HERMES, AMP),
        stages=(
            StageBinding(
                stage=Stage.EXECUTE,
                runtime=Choice(value="codex", source="agent"),
                model=Choice(),
                endpoint=Choice(),
            ),
            StageBinding(
                stage=Stage.REFLECT,
                runtime=Choice(value="hermes", source="stage", shadowed=("agent=codex",)),
                model=Choice(),
                endpoint=Choice(),
            ),
        ),
        agents=(BINDING,),
        skills={
            ("docmgr", "codex"): SkillFact(
                name="docmgr",
                runtime_id="codex",
                path="/home/u/.codex/skills/docmgr/SKILL.md",
                source=SkillSource.HOME,
                sha256="b" * 64,
            ),
            ("diary", "codex"): SkillFact(
                name="diary",
                runtime_id="codex",
                tried=("/home/u/p/.metawsm/skills/diary/SKILL.md",),
                problem=SkillProblem.MISSING,
            ),
        },
        findings=(MISSING_SKILL, OLD_CODEX, ABSENT_HERMES),
        ignored=(
            IgnoredFinding(
                finding=Finding(code="ENV003", severity=Severity.INFO, subject="tmux", message="old"),
                reason="ours is patched",
                until="2027-01-01",
            ),
        ),
        checks=(
            CheckResult(code="ENV001", status=Status.PASSED, duration_ms=0.25),
            CheckResult(code="SKL001", status=Status.FAILED, duration_ms=1.5),
            CheckResult(code="SKL002", status=Status.SKIPPED, reason="SKL001 failed"),
            CheckResult(code="HRN009", status=Status.CRASHED, reason="KeyError: 'x'", detail="Traceback\n  line 1"),
        ),
        blocked=frozenset({"profile:codex-default", "stage:reflect"}),
        duration_ms=417.25,
    )


SPEC = LaunchSpec(
    id="3" * 64,
    agent="bob",
    profile="builder",
    stage=Stage.EXECUTE,
    runtime_id="codex",
    harness_version="0.169.0",
    path="/opt/bin/codex",
    program=ProgramIdentity(real_path="/opt/lib/codex.js", size=512, mtime_ns=17, sha256="c" * 64),
    argv=("/opt/bin/codex", "exec", "-"),
    env={
        "LANG": "C.UTF-8",
        "OPENAI_API_KEY": SecretRef(env="SHOP_KEY"),
        "FILE_KEY": SecretRef(file="~/.keys/shop"),
        "PASS_KEY": SecretRef(command=("pass", "show", "shop")),
    },
    cwd="/home/u/p",
    session="bob-p",
    mode=Mode.HEADLESS,
    prompt=PromptRef(
        sha256="d" * 64,
        path="/home/u/p/.metawsm/launches/3/prompt.md",
        text="Implement the ticket.\n",
        delivery=Delivery.STDIN,
    ),
    skills=(SkillRef(name="diary", path="/s/diary/SKILL.md", source="repo", sha256="e" * 64),),
    policy_path=POLICY,
    policy_sha256="a" * 64,
    named_profile="office",
    model="gpt-5",
    endpoint="local",
    ticket="SHOP-1",
    notes=("full_auto is --sandbox workspace-write",),
    grants=("write files in the workspace",),
)

RUNNING = ProcessView(
    process_id="bob-333333333333-1",
    spec_id="3" * 64,
    run_id="run-1",
    attempt=1,
    executor="tmux",
    session="bob-p",
    agent="bob",
    stage=Stage.EXECUTE,
    runtime_id="codex",
    harness_version="0.169.0",
    mode=Mode.HEADLESS,
    cwd="/home/u/p",
    pid=4711,
    state=State.RUNNING,
    health=Health.HEALTHY,
    started_at="2026-05-04T11:57:00.000Z",
    ended_at=None,
    last_output_at="2026-05-04T11:59:58.000Z",
    last_progress_at="2026-05-04T11:59:00.000Z",
    receipt=Receipt.DELIVERED,
    log_path="/home/u/p/.metawsm/processes/bob-333333333333-1/log",
)

FAILED = ProcessView(
    process_id="eve-444444444444-2",
    spec_id="4" * 64,
    run_id="run-1",
    attempt=2,
    executor="process",
    session="eve-p",
    agent="eve",
    stage=Stage.EVALUATE,
    runtime_id="claude_code",
    harness_version=None,
    mode=Mode.HEADLESS,
    cwd=None,
    pid=4712,
    state=State.FAILED,
    health=Health.DEAD,
    started_at="2026-05-04T10:00:00.000Z",
    ended_at="2026-05-04T11:59:15.000Z",
    outcome=Outcome(
        kind=OutcomeKind.EXITED,
        code=1,
        failure="not-logged-in",
        evidence=("Invalid API key", "Please run /login"),
        remedy="claude /login",
        retry=False,
    ),
    survivors=(4800, 4801),
)


@pytest.fixture
def spec() -> LaunchSpec:
    """A headless start of codex."""
    return SPEC


@pytest.fixture
def running() -> ProcessView:
    """A process that does well."""
    return RUNNING


@pytest.fixture
def failed() -> ProcessView:
    """A process that failed, and left others behind."""
    return FAILED
