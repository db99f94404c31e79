"""The policy file, version 2: agents, their profiles, and the rules of their work.

Each key's rule and sentence stand on the field; ``doctor.config`` enforces them, the JSON Schema and
``reference/policy.md`` are generated from them.
"""

from collections.abc import Mapping

from doctor.model.fields import key
from doctor.model.stage import Stage
from doctor.records import dataclass

ENV_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
"""What a variable may be called."""

SEED_MODES = ("none", "copy_from_repo_on_start")
CHECK_NAMES = ("tests", "forbidden_files", "ticket_workflow", "clean_tree")
FORBIDDEN_FILES = (".env", ".env.*", "*.pem", "*.key", "*.p12", "*.pfx", "id_rsa", "id_ed25519")


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """How workspaces and branches are made."""

    default_strategy: str = key("How a run gets its workspace.", default="create", choices=("create", "fork", "reuse"))
    branch_prefix: str = key("First part of a workspace's branch name.", default="task")
    base_branch: str = key("Branch that workspaces start from.", default="main", nonblank=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tmux:
    """Where sessions run."""

    session_pattern: str = key(
        "Session name; `{agent}` and `{workspace}` are replaced.", default="{agent}-{workspace}", nonblank=True
    )
    socket: str = key(
        "Name of the tmux socket that only this project uses.",
        default="harness-doctor",
        pattern=r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
        expected="letters, digits, dots, dashes and underscores, at most 64",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DocEndpoint:
    """A document server that federation reads."""

    name: str = key("Name, unique over both lists.", nonblank=True)
    base_url: str = key("http or https URL with a host.", nonblank=True, url=True)
    repo: str = key("Repository it serves.", nonblank=True)
    web_url: str | None = key("http or https URL for people.", default=None, url=True)
    workspace: str | None = key("Workspace it serves; required for workspace endpoints.", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocsApi:
    """Document servers, workspace ones preferred."""

    workspace_endpoints: tuple[DocEndpoint, ...] = key("Servers of live workspaces.", default=())
    repo_endpoints: tuple[DocEndpoint, ...] = key("Servers of repositories, the fallback.", default=())
    request_timeout_seconds: int = key("Limit for one request, in seconds.", default=3, minimum=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Docs:
    """Which copy of the documents counts, and how it is seeded."""

    authority_mode: str = key(
        "Which copy is authoritative during a run.", default="workspace_active", choices=("workspace_active",)
    )
    seed_mode: str = key("How a workspace gets its documents.", default="copy_from_repo_on_start", choices=SEED_MODES)
    stale_warning_seconds: int = key("Age in seconds from which an index is stale.", default=900, minimum=1)
    api: DocsApi = key("Document servers.", factory=DocsApi)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Thresholds of an agent's health, in seconds."""

    idle_seconds: int = key("Without output for this long: idle.", default=300, minimum=1)
    activity_stalled_seconds: int = key(
        "Without output for this long: stalled; not below `idle_seconds`.", default=900, minimum=1
    )
    progress_stalled_seconds: int = key("Without progress for this long: stalled.", default=1200, minimum=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorLlm:
    """The model an operator loop may ask."""

    mode: str = key("Whether it only advises.", default="assist", choices=("off", "assist", "auto"), fold_case=True)
    command: str = key("Program to ask.", default="codex", nonblank=True)
    model: str = key("Model to ask; empty leaves it to the program.", default="")
    timeout_seconds: int = key("Limit for one question, in seconds.", default=30, minimum=1)
    max_tokens: int = key("Longest answer, in tokens.", default=400, minimum=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """When the operator loop intervenes."""

    unhealthy_confirmations: int = key("Looks that must agree before it acts.", default=2, minimum=1)
    restart_budget: int = key("Restarts allowed for one agent.", default=3, minimum=1)
    restart_cooldown_seconds: int = key("Pause between restarts, in seconds.", default=60, minimum=1)
    stale_run_age_seconds: int = key("Age from which a run is stale, in seconds.", default=3600, minimum=1)
    llm: OperatorLlm = key("The model it may ask.", factory=OperatorLlm)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForumTopics:
    """Names of the forum's topics."""

    command_prefix: str = key("Prefix of command topics.", default="forum.commands", nonblank=True)
    event_prefix: str = key("Prefix of event topics.", default="forum.events", nonblank=True)
    integration_prefix: str = key("Prefix of integration topics.", default="forum.integration", nonblank=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForumRedis:
    """The forum's stream."""

    url: str = key("Redis URL.", default="redis://127.0.0.1:6379/0", nonblank=True)
    stream: str = key("Stream name.", default="metawsm-forum", nonblank=True)
    group: str = key("Consumer group.", default="metawsm-forum", nonblank=True)
    consumer: str = key("Consumer name.", default="operator", nonblank=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForumSla:
    """How long a question may wait."""

    escalation_minutes: int = key("Minutes until a question is escalated.", default=30, minimum=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Something that is on or off."""

    enabled: bool = key("On or off.", default=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forum:
    """Questions and answers between agents and people."""

    enabled: bool = key("On or off.", default=True)
    topics: ForumTopics = key("Topic names.", factory=ForumTopics)
    redis: ForumRedis = key("The stream.", factory=ForumRedis)
    sla: ForumSla = key("Waiting limits.", factory=ForumSla)
    docs_sync: Switch = key("Copy threads into the ticket's documents.", factory=Switch)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFeedback:
    """How review comments come back to agents."""

    enabled: bool = key("On or off.", default=False)
    mode: str = key("Whether it only proposes.", default="assist", choices=("assist", "auto"), fold_case=True)
    include_review_comments: bool = key("Must be true.", default=True)
    ignore_authors: tuple[str, ...] = key("Authors whose comments are left out.", default=(), nonblank=True)
    max_items_per_sync: int = key("Comments read at once.", default=50, minimum=1)
    auto_dispatch_cap_per_interval: int = key("Agents started at once.", default=1, minimum=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitPr:
    """Commits, pull requests and what must hold before them."""

    mode: str = key("Whether it only proposes.", default="assist", choices=("off", "assist", "auto"), fold_case=True)
    credential_mode: str = key("Whose credentials are used.", default="local_user_auth", choices=("local_user_auth",))
    branch_template: str = key(
        "Branch name; `{ticket}`, `{repo}`, `{run}` are replaced.", default="{ticket}/{repo}/{run}", nonblank=True
    )
    require_all: bool = key("Every required check must pass.", default=True)
    required_checks: tuple[str, ...] = key(
        "Checks that must pass.", default=CHECK_NAMES, choices=CHECK_NAMES, nonblank=True
    )
    test_commands: tuple[str, ...] = key("Commands that run the tests.", default=(), nonblank=True)
    forbidden_file_patterns: tuple[str, ...] = key(
        "File patterns that may not be committed.", default=FORBIDDEN_FILES, nonblank=True
    )
    allowed_repos: tuple[str, ...] = key("Repositories it may touch; empty: all.", default=(), nonblank=True)
    default_labels: tuple[str, ...] = key("Labels of new pull requests.", default=(), nonblank=True)
    default_reviewers: tuple[str, ...] = key("Reviewers of new pull requests.", default=(), nonblank=True)
    review_feedback: ReviewFeedback = key("Review comments.", factory=ReviewFeedback)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """How steps are carried out."""

    step_retries: int = key("Tries after the first for one step.", default=1, minimum=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """What must hold before a run is closed."""

    require_clean_git: bool = key("Every workspace must be clean.", default=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeProfile:
    """Which harness runs which stage. A bare string is short for `{"backend_profile": "..."}`."""

    backend_profile: str | None = key(
        "Profile of the harness's own that it starts with; says nothing about stages.",
        default=None,
        nonblank=True,
        trim=True,
    )
    default: str | None = key("Harness of every stage that `stages` does not name.", default=None, harness="name")
    stages: Mapping[Stage, str] = key("Harness per stage.", factory=dict, harness="name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Orchestrator:
    """Which harness runs where."""

    runtime_backend: str | None = key(
        "Harness of every agent unless a stage says otherwise.", default=None, harness="name"
    )
    runtime_profile: RuntimeProfile | None = key(
        "Harness per stage; null changes nothing.", default=None, shorthand="backend_profile"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Why a check's findings are set aside."""

    reason: str = key("Why; shown wherever the findings would be.", nonblank=True)
    until: str | None = key(
        "Last day (YYYY-MM-DD) on which it holds.",
        default=None,
        pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
        expected="a day such as 2027-01-31",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorSettings:
    """Settings of the doctor for this project."""

    ignore: Mapping[str, Ignore] = key(
        "Check codes or families whose findings are set aside, each with a reason.",
        factory=dict,
        key_pattern=r"[A-Z]{3}([0-9]{3})?",
        expected="a check code such as SKL003, or a family such as SKL",
    )
    fail_on: str = key(
        "Least severity that makes the exit code 1.", default="error", choices=("info", "warning", "error")
    )
    harness: Mapping[str, str] = key(
        "Required versions per harness, such as `>=0.160,<1`.", factory=dict, nonblank=True, harness="key"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerOptions:
    """Options of one harness. Which keys a harness takes is said by its adapter."""

    full_auto: bool | None = key("Work without asking, inside the harness's own sandbox.", default=None)
    command: str | None = key("Shell command (runner `shell` only).", default=None)
    model: str | None = key("Model, as the harness spells it.", default=None, nonblank=True)
    permission_mode: str | None = key("The harness's own permission mode.", default=None, nonblank=True)
    extra_args: tuple[str, ...] = key("Arguments added as they are.", default=())
    env: Mapping[str, str] = key(
        "Variables added to the process; no secrets.",
        factory=dict,
        key_pattern=ENV_NAME,
        expected="a variable name (letters, digits and underscores)",
    )
    trust_workspace: bool | None = key("Trust the working directory without asking.", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """A reusable bundle: harness, prompt, skills, options."""

    name: str = key("Unique name.", as_name=True)
    runner: str = key(
        "Harness id or alias, or `auto` to let the active named profile's model choose.", harness="name-or-auto"
    )
    base_prompt: str = key("What the agent is told first.", default="")
    skills: tuple[str, ...] = key("Skills it must read.", default=(), nonblank=True)
    runner_options: RunnerOptions = key("Options of the harness.", factory=RunnerOptions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A named worker."""

    name: str = key("Unique name.", as_name=True)
    profile: str = key("Name of its agent profile.", nonblank=True)
    stage: Stage | None = key("Stage it works at; unset means execute.", default=None)


def _default_profiles() -> tuple[AgentProfile, ...]:
    return (AgentProfile(name="default-shell", runner="shell", runner_options=RunnerOptions(command="bash")),)


def _default_agents() -> tuple[Agent, ...]:
    return (Agent(name="agent", profile="default-shell"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A whole policy. `Policy()` is the embedded default: one agent in a shell."""

    schema: str | None = key("Where an editor finds the JSON Schema.", default=None, name="$schema")
    version: int = key("Schema version; 2.", default=2, minimum=1)
    workspace: Workspace = key("Workspaces and branches.", factory=Workspace)
    tmux: Tmux = key("Sessions.", factory=Tmux)
    docs: Docs = key("Documents.", factory=Docs)
    health: Health = key("Health thresholds.", factory=Health)
    operator: Operator = key("The operator loop.", factory=Operator)
    forum: Forum = key("The forum.", factory=Forum)
    git_pr: GitPr = key("Commits and pull requests.", factory=GitPr)
    execution: Execution = key("Steps.", factory=Execution)
    close: Close = key("Closing.", factory=Close)
    orchestrator: Orchestrator = key("Harness per stage.", factory=Orchestrator)
    doctor: DoctorSettings = key("The doctor's settings.", factory=DoctorSettings)
    agent_profiles: tuple[AgentProfile, ...] = key(
        "Agent profiles, at least one.", factory=_default_profiles, min_items=1
    )
    agents: tuple[Agent, ...] = key("Agents, at least one.", factory=_default_agents, min_items=1)
