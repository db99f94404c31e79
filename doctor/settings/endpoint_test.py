"""Asking endpoints whether they answer, take their key, and have the models that are wanted of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from urllib.parse import urlsplit

from doctor.config.policy import load_policy
from doctor.config.words import listed, quoted
from doctor.harness.endpoint_api import endpoint_url_problem, in_the_clear, key_headers, serves
from doctor.harness.endpoint_probe import REFUSED, EndpointAnswer, ask_endpoint, ask_one_token
from doctor.model.binding import Binding, StageBinding
from doctor.model.machine import Endpoint
from doctor.model.options import Options
from doctor.records import dataclass
from doctor.resolve import resolve
from doctor.settings.endpoint_reading import Configured, configured, key_of, require_known
from doctor.settings.results import AuthVerdict, EndpointVerdict, ModelVerdict

ANSWER_SECONDS = 5.0
"""Limit for each step of one request."""

AT_ONCE = 8
"""Endpoints asked side by side."""

NO_SUCH_MODEL = frozenset({400, 404})
"""What servers answer to a model that they do not have."""


def endpoint_test(
    options: Options,
    name: str | None = None,
    *,
    deep: bool = False,
    model: str | None = None,
    timeout: float = ANSWER_SECONDS,
) -> tuple[EndpointVerdict, ...]:
    """Ask one endpoint, or all, for their models.

    A key goes along where the connection keeps it secret; a command that prints a key is run. Nothing that is
    returned holds a key. Redirects to another server are not followed.

    Args:
        options: What to look at.
        name: An endpoint; ``None`` asks all of them side by side.
        deep: Also make a model say one token.
        model: The model to look for, instead of those that the policy and the active profile send there.
        timeout: Limit in seconds for each step of a request.

    Raises:
        UsageError: No endpoint is called that, or the settings cannot be read.
    """
    here = configured(options)
    endpoints = here.endpoints
    if name is not None:
        require_known(name, endpoints)
        endpoints = {name: endpoints[name]}
    wanted = dict.fromkeys(endpoints, (model,)) if model else _wanted(here)
    questions = [
        _Question(
            options=options, name=each, endpoint=endpoint, wanted=wanted.get(each, ()), deep=deep, timeout=timeout
        )
        for each, endpoint in endpoints.items()
    ]
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - costs more than the rest of this module

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return tuple(pool.map(_Question.verdict, questions))


def _wanted(here: Configured) -> dict[str, tuple[str, ...]]:
    """Endpoint name to the models that agents and stages would ask it for; none where the policy cannot be read."""
    around, options = here.here, here.here.options
    policy = load_policy(around.project.policy_path, runners=around.runners, rival=around.project.rival_policy).value
    if policy is None:
        return {}
    resolution = resolve(
        policy=policy,
        registry=around.registry,
        harnesses={},
        machine=here.machine,
        profile_name=here.active.name,
        profile=here.profile,
        environment=options.environment,
        workspace=around.project.root.name,
        cwd=str(around.project.root),
        runtime=options.runtime,
    )
    found: dict[str, dict[str, None]] = {}
    rows: list[StageBinding | Binding] = [*resolution.stages, *resolution.bindings]
    for each in rows:
        if each.endpoint.value and each.model.value:
            found.setdefault(each.endpoint.value, {})[each.model.value] = None
    return {name: tuple(models) for name, models in found.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """What may be sent, and why that is not all that is configured."""

    headers: Mapping[str, str]
    keyed: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One endpoint to be asked."""

    options: Options
    name: str
    endpoint: Endpoint
    wanted: tuple[str, ...]
    deep: bool
    timeout: float

    def verdict(self) -> EndpointVerdict:
        """Ask, and judge the answers."""
        begun = perf_counter()
        verdict = self._judged()
        return replace(verdict, duration_ms=round((perf_counter() - begun) * 1000, 1))

    def _judged(self) -> EndpointVerdict:
        problem = endpoint_url_problem(self.endpoint.url, self.endpoint.kind)
        if problem is not None:
            return self._verdict(False, "unknown", "unknown", f"not asked: the URL {problem[0]}")
        key = self._key()
        answer = ask_endpoint(self.endpoint, key.headers, keyed=key.keyed, timeout=self.timeout, whole=True)
        reached = answer.status is not None and not 300 <= answer.status < 400  # noqa: PLR2004 - redirects
        auth = _auth(answer, key)
        model, about = self._model(answer.models)
        details = [key.problem, answer.problem or (f"wants a key ({answer.status})" if auth == "no" else None), about]
        if self.deep and reached and auth != "no":
            auth, model, said = self._deeper(answer.models or (), key, auth, model)
            details.append(said)
        return self._verdict(reached, auth, model, "; ".join(filter(None, details)) or "answers")

    def _verdict(self, reachable: bool, auth: AuthVerdict, model: ModelVerdict, detail: str) -> EndpointVerdict:
        return EndpointVerdict(
            name=self.name,
            url=self.endpoint.url,
            reachable=reachable,
            auth=auth,
            model=model,
            detail=detail,
            duration_ms=0.0,
        )

    def _key(self) -> _Key:
        from doctor.launch.errors import LaunchRefused  # noqa: PLC0415 - only where there is an endpoint to ask
        from doctor.launch.secrets import resolve as looked_up  # noqa: PLC0415

        endpoint, options = self.endpoint, self.options
        reference = key_of(endpoint)
        if (reference or endpoint.headers) and in_the_clear(endpoint.url):
            host = urlsplit(endpoint.url).hostname
            return _Key(headers={}, keyed=False, problem=f"its key is not sent: {host} would get it unencrypted")
        key, problem = "", None
        try:
            if reference is not None:
                key = looked_up({"the key": reference}, options.environment, home=options.home)["the key"].strip()
        except LaunchRefused as refusal:
            problem = refusal.message
        extra = {header: options.environment.get(name, "").strip() for header, name in endpoint.headers.items()}
        headers = key_headers(endpoint.kind, key) | {header: value for header, value in extra.items() if value}
        return _Key(headers=headers, keyed=bool(headers), problem=problem)

    def _model(self, models: Sequence[str] | None) -> tuple[ModelVerdict, str | None]:
        if models is None:
            return "unknown", None
        count = f"lists {len(models)} model{'' if len(models) == 1 else 's'}"
        sought = [each for each in self.wanted if serves(models, each) or not self._is_alias(each)]
        if not sought:
            return "unknown", count
        absent = [each for each in sought if not serves(models, each)]
        if absent:
            some = f": {listed(sorted(models)[:5])}" if models else ""
            return "absent", f"{count}, but not {', '.join(map(quoted, absent))}{some}"
        return "present", f"{count}, {', '.join(map(quoted, sought))} among them"

    def _is_alias(self, model: str) -> bool:
        """Whether the name may stand for another one, as `opus` does; a list of models does not have it."""
        return self.endpoint.kind == "anthropic" and not any(map(str.isdigit, model))

    def _deeper(
        self, models: Sequence[str], key: _Key, auth: AuthVerdict, verdict: ModelVerdict
    ) -> tuple[AuthVerdict, ModelVerdict, str]:
        """Make a model say one token: of those wanted, else the first that is listed."""
        known = [each for each in self.wanted if serves(models, each)]
        model = next(iter((*known, *self.wanted, *models)), None)
        if model is None:
            return auth, verdict, "no model is known to ask for a token"
        answer = ask_one_token(self.endpoint, key.headers, model=model, timeout=self.timeout)
        if answer.problem is None:
            proven: AuthVerdict = "yes" if key.keyed else auth if auth != "unknown" else "none"
            sure = model in self.wanted and verdict != "absent"
            return proven, "present" if sure else verdict, f"{quoted(model)} said a token"
        if answer.status in REFUSED:
            return "no", verdict, f"refused a token of {quoted(model)} ({answer.status})"
        gone = answer.status in NO_SUCH_MODEL and verdict == "unknown" and model in self.wanted
        return auth, "absent" if gone else verdict, f"asked for a token of {quoted(model)}, it {answer.problem}"


def _auth(answer: EndpointAnswer, key: _Key) -> AuthVerdict:
    if answer.status in REFUSED:
        return "no"
    if answer.problem is not None or answer.status is None:
        return "unknown"
    if key.keyed:
        return "yes"
    return "unknown" if key.problem else "none"
