"""What variables of a process may do: which send requests elsewhere, run other code, or switch a protection off."""

import hashlib
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from doctor.gate.comparing.order import Judged, freedoms, restrictions, worst
from doctor.harness.base import SWITCHED_OFF
from doctor.model.comparison import Verdict
from doctor.report.redact import is_secret_name

ENDPOINT = re.compile(
    r"BASE_?URL|API_?BASE|API_?URL|ENDPOINT|_HOST$|_UR[LI]$|PROXY|BEDROCK|VERTEX|FOUNDRY|PROVIDER"
    r"|RESOURCE_NAME",
    re.IGNORECASE,
)
"""Names whose value says where requests go."""

_PLACE = re.compile(r"(?:_UR[LI]|_BASE|_HOST|_ENDPOINT|_PROXY)$", re.IGNORECASE)
"""The same, of names that sound like a secret too; their values are not looked at."""

_POWERFUL = re.compile(
    r"^(PATH|HOME|SHELL|ENV|BASH_ENV|ZDOTDIR|EDITOR|VISUAL|PAGER|BROWSER|PROMPT_COMMAND|IFS|NODE_OPTIONS|NODE_PATH"
    r"|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|PYTHON\w+|PERL5\w+|RUBY\w+|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS"
    r"|LD_\w+|DYLD_\w+|GIT_\w+|SSH_\w+|XDG_\w+|DOCKER_\w+|KUBECONFIG|NPM_CONFIG_\w+|PIP_\w+|UV_\w+|DOCTOR_\w+|AIDER_\w+|GCONV_PATH"
    r"|LESS\w+|TERMINFO\w*|CC|CXX|CPP|LD|AR|CARGO_\w+|RUST\w+|GO\w+|MAKE\w*|OPENCODE_\w+|TMUX\w*|NODE_\w+|MANPAGER)$"
    r"|YOLO|BYPASS|DANGER|SKIP|TRUST|APPROV|ALLOW|PERMISSION|SANDBOX|UNSAFE|INSECURE|VERIFY|DISABLE|UNRESTRICTED"
    r"|CONFIG|SETTINGS|_HOME$|_DIRS?$|_PATH$|SSL|TLS|CERT|_CA_|AUTO"
    r"|_?YES|EDITOR$|PAGER$|ASKPASS|WRAPPER$|FLAGS$|_OPTS$|_OPTIONS$|_ARGS$|_COMMAND$|_CMD$|_EXEC|PLUGIN|HOOK|MCP|_MD$",
    re.IGNORECASE,
)
"""Names that may make a program do more, run something else or trust somebody else."""

_PROTECTIVE = re.compile(
    r"SANDBOX|DISABLE|DENY|RESTRICT|READ_?ONLY|SAFE|VERIFY|ASK|CONFIRM|APPROV|PERMISSION|OFFLINE|PROXY|SSL|TLS|CERT"
    r"|LIMIT|MAX_",
    re.IGNORECASE,
)
"""Names whose absence may allow more."""

_BOLD = re.compile(
    r"--yolo|--dangerous|bypassPermissions|danger-full-access|skip-permissions|--no-sandbox|approval_policy"
)
"""What in a value of any variable would bypass approvals if it came to be a command line."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def judge_variables(before: Mapping[str, str], after: Mapping[str, str]) -> Judged:
    """What becomes of a process that gets these variables instead of those. No value stands in the reason."""
    names = [*before, *(name for name in after if name not in before)]
    return worst(_judge(name, before.get(name), after.get(name)) for name in names)


def _judge(name: str, before: str | None, after: str | None) -> Judged:
    if before == after:
        return Judged(Verdict.EQUAL, "")
    parts = []
    if ENDPOINT.search(name) and not is_secret_name(name):
        parts.append(judge_urls(before, after, what=name))
    elif _PLACE.search(name) and after:
        parts.append(Judged(Verdict.LOOSER, f"{name} may send requests elsewhere"))
    if _POWERFUL.search(name):
        had, has = ({name} if value is not None else set() for value in (before, after))
        if before is not None and after is not None:
            parts.append(Judged(Verdict.LOOSER, f"{name} gets another value, which may allow more"))
        parts.append(freedoms(had, has, more="may allow more", fewer="no longer set"))
        if _PROTECTIVE.search(name):
            parts.append(restrictions(had, has, more="may forbid more", fewer="no longer set, which may allow more"))
    if _BOLD.search(after or ""):
        parts.append(Judged(Verdict.LOOSER, f"{name} holds what bypasses approvals"))
    what = "added" if before is None else "removed" if after is None else "gets another value"
    return worst([*parts, Judged(Verdict.DIFFERENT, f"{name} {what}")])


def judge_urls(before: str | None, after: str | None, *, what: str) -> Judged:
    """What becomes of requests that go to another URL, or to one where there was none."""
    if before == after:
        return Judged(Verdict.EQUAL, "")
    parts = [
        freedoms(hosts(before), hosts(after), more=f"{what} leads to another server", fewer=f"{what} left a server")
    ]
    in_clear, was_in_clear = is_in_clear(after), is_in_clear(before)
    if in_clear and not was_in_clear:
        parts.append(Judged(Verdict.LOOSER, f"{what} is no longer encrypted"))
    if was_in_clear and not in_clear:
        parts.append(Judged(Verdict.STRICTER, f"{what} is encrypted now"))
    if hosts(before) == hosts(after) and not any(part.verdict is not Verdict.EQUAL for part in parts):
        parts.append(Judged(Verdict.DIFFERENT, f"{what} is another URL of the same server"))
    return worst(parts)


_AMBIGUOUS = re.compile(r"[\\\s\x00-\x1f\x7f]")
"""What different programs take for different parts of a URL."""


def hosts(url: str | None) -> tuple[str, ...]:
    """Host and port of a URL, as far as it has one: what sees the requests."""
    if not url:
        return ()
    if _AMBIGUOUS.search(url):
        return (f"unreadable {digest(url)}",)
    try:
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower())
        name = parts.hostname
    except ValueError:
        return (f"unreadable {digest(url)}",)
    if not name:
        return () if url.strip().lower() in SWITCHED_OFF else (f"unreadable {digest(url)}",)
    return (name if is_default_port(parts.scheme, port) else f"{name}:{port}",)


def is_default_port(scheme: str, port: int | None) -> bool:
    """Whether a port goes without saying; both of the web's do, or moving to TLS would look like moving elsewhere."""
    return port is None or (scheme.lower() in {"http", "https"} and port in {80, 443})


def is_in_clear(url: str | None) -> bool:
    """Whether requests to a URL can be read on their way; what stays on this machine has none."""
    if not url:
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme.lower() in {"http", "ws", "redis", "ftp"} and (parts.hostname or "") not in LOOPBACK
    except ValueError:
        return True


def digest(value: str) -> str:
    """A short hash of a value, by which two can be told apart and neither be known."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def identity_of(variables: Mapping[str, str]) -> str:
    """What tells one set of variables from another: names and hashes; the values of secret ones leave no trace."""
    shown = (f"{name}={'' if is_secret_name(name) else digest(value)}" for name, value in sorted(variables.items()))
    return "\n".join(shown)


def shown(variables: Mapping[str, str]) -> str | None:
    """The names of variables as people read them; ``None`` where there are none."""
    return ", ".join(sorted(variables)) or None
