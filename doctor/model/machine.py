"""Settings of one machine: endpoints, harness paths, named profiles, executor profiles."""

from collections.abc import Mapping

from doctor.model.fields import key
from doctor.model.policy import ENV_NAME
from doctor.model.stage import Stage
from doctor.records import dataclass

ENDPOINT_KINDS = ("openai", "anthropic", "gemini")
REASONING_LEVELS = ("off", "minimal", "low", "medium", "high", "xhigh", "max")
MODEL_SPEC = r"[A-Za-z][A-Za-z0-9_-]*:\S+"
VARIABLE = "a variable name (letters, digits and underscores)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A model server. Keys are referred to, never written."""

    url: str = key("http or https URL with a host.", nonblank=True, url=True)
    kind: str = key("Which API it speaks.", default="openai", choices=ENDPOINT_KINDS)
    api_key_env: str | None = key(
        "Variable that holds the key.", default=None, pattern=ENV_NAME, expected=VARIABLE, unquoted=True
    )
    api_key_file: str | None = key("File that holds the key; `~` is the home directory.", default=None, nonblank=True)
    api_key_command: tuple[str, ...] | None = key(
        "Command (a list) that prints the key.", default=None, nonblank=True, min_items=1
    )
    headers: Mapping[str, str] = key(
        "Extra headers: header name to the variable that holds its value.",
        factory=dict,
        key_pattern=r"[A-Za-z0-9!#$%&'*+.^_`|~-]+",
        pattern=ENV_NAME,
        expected="header name = variable name",
        unquoted=True,
    )
    default: bool = key("Used by harnesses that need an endpoint and name none.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HarnessSettings:
    """Where one harness is installed on this machine."""

    path: str = key("Path of its program; `~` is the home directory.", nonblank=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """`machine.toml`."""

    endpoints: Mapping[str, Endpoint] = key("Model servers by name.", factory=dict)
    harness: Mapping[str, HarnessSettings] = key("Harness settings by id or alias.", factory=dict, harness="key")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelChoice:
    """A model given by its spec, `<harness alias>:<model>`."""

    model: str | None = key("Model spec, `<harness alias>:<model>`.", default=None, pattern=MODEL_SPEC, harness="model")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleChoice:
    """The model of one role."""

    model: str | None = key("Model spec, `<harness alias>:<model>`.", default=None, pattern=MODEL_SPEC, harness="model")
    tier: str | None = key("Tier to take the model from.", default=None, choices=("fast", "standard", "premium"))
    endpoint: str | None = key("Name of an endpoint.", default=None, nonblank=True)
    reasoning: str | None = key("Reasoning level.", default=None, choices=REASONING_LEVELS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """Models by price."""

    fast: str | None = key("Model spec of the cheapest tier.", default=None, pattern=MODEL_SPEC, harness="model")
    standard: str | None = key("Model spec of the middle tier.", default=None, pattern=MODEL_SPEC, harness="model")
    premium: str | None = key("Model spec of the best tier.", default=None, pattern=MODEL_SPEC, harness="model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Models per role."""

    default: RoleChoice | None = key("Any role not named.", default=None)
    evaluator: RoleChoice | None = key("Judges results; stage evaluate.", default=None)
    assigner: RoleChoice | None = key("Hands out work.", default=None)
    flip: RoleChoice | None = key("Infers and compares intents.", default=None)
    creator: RoleChoice | None = key("Makes new agents.", default=None)
    evolver: RoleChoice | None = key("Improves agents; stage reflect.", default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEndpoint:
    """An endpoint that a named profile brings along."""

    name: str = key("Name.", nonblank=True)
    url: str = key("http or https URL with a host.", nonblank=True, url=True)
    kind: str = key("Which API it speaks.", default="openai", choices=ENDPOINT_KINDS)
    api_key_env: str | None = key(
        "Variable that holds the key.", default=None, pattern=ENV_NAME, expected=VARIABLE, unquoted=True
    )
    api_key_file: str | None = key("File that holds the key.", default=None, nonblank=True)
    is_default: bool = key("Used where no endpoint is named.", default=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileEndpoints:
    """The endpoints of a named profile; they replace none of the machine's, but win over one of the same name."""

    endpoints: tuple[ProfileEndpoint, ...] = key("Endpoints.", default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedProfile:
    """`profiles/<name>.toml`: a bundle of models and endpoints that is switched as one."""

    description: str = key("One line for lists.", default="")
    agent: ModelChoice = key("The model of workers; stage execute.", factory=ModelChoice)
    dispatcher: ModelChoice = key("The dispatcher's own model.", factory=ModelChoice)
    tiers: Tiers = key("Models by price.", factory=Tiers)
    models: Roles = key("Models per role.", factory=Roles)
    stages: Mapping[Stage, ModelChoice] = key("Models per stage; wins over roles.", factory=dict)
    llm_endpoints: ProfileEndpoints = key("Endpoints it brings along.", factory=ProfileEndpoints)
    env: Mapping[str, str] = key(
        "Variables pinned for every process; no secrets.", factory=dict, key_pattern=ENV_NAME, expected=VARIABLE
    )
