"""END: the model servers of this machine are well-formed, have their keys, and answer."""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import doctor
from checks.modes import OTHERS, can_change, narrowed
from checks.uses import uses
from checks.written_keys import written_keys

Endpoints = Mapping[str, doctor.Endpoint]
Bindings = tuple[doctor.Binding, ...]
Stages = tuple[doctor.StageBinding, ...]

ANSWER_SECONDS = 5.0
"""Limit for each step of one request."""

AT_ONCE = 8
"""Endpoints asked side by side."""


def _users(bindings: Bindings, stages: Stages) -> dict[str, tuple[str, ...]]:
    """Endpoint name to what an error about it makes unusable; only endpoints that something uses."""
    found: dict[str, tuple[str, ...]] = {}
    for use in uses(bindings, stages, by_endpoint=True):
        if use.endpoint is not None:
            found[use.endpoint] = (*found.get(use.endpoint, ()), *use.tags)
    return found


def _weight(affects: tuple[str, ...]) -> doctor.Severity:
    """An error where something uses the endpoint, else a warning."""
    return doctor.Severity.ERROR if affects else doctor.Severity.WARNING


def _place(
    name: str, machine_file: doctor.Loaded[doctor.Machine], profile_file: doctor.ActiveProfile
) -> doctor.Location | None:
    """Where the endpoint is written: in the active profile, which wins, or in ``machine.toml``."""
    loaded = profile_file.loaded
    if loaded is not None and loaded.value is not None and loaded.document is not None:
        for index, endpoint in enumerate(loaded.value.llm_endpoints.endpoints):
            if endpoint.name == name:
                return loaded.document.at(doctor.pointer("llm_endpoints", "endpoints", index))
    return machine_file.document.at(doctor.pointer("endpoints", name)) if machine_file.document else None


def _has_key(endpoint: doctor.Endpoint) -> bool:
    return bool(endpoint.api_key_env or endpoint.api_key_file or endpoint.api_key_command or endpoint.headers)


def _scheme_and_host(url: str) -> tuple[str, str]:
    from urllib.parse import urlsplit  # noqa: PLC0415 - most machines have no endpoint

    parts = urlsplit(url)
    return parts.scheme.lower(), parts.hostname or ""


class END001(doctor.Check):
    """Every endpoint's URL is the base of its API.

    Harnesses add the path of each call themselves. A URL that already names a call, or a version that the harness
    adds too, sends every request to a place that is not there.
    """

    def run(
        self,
        endpoints: Endpoints,
        bindings: Bindings,
        stages: Stages,
        machine_file: doctor.Loaded[doctor.Machine],
        profile_file: doctor.ActiveProfile,
    ) -> Iterator[doctor.Finding]:
        """Fails when the URL is no http or https URL with a host, holds a password, or is no base.

        It is a warning for an endpoint that nothing uses.
        """
        users = _users(bindings, stages)
        for name, endpoint in endpoints.items():
            problem = doctor.endpoint_url_problem(endpoint.url, endpoint.kind)
            if problem is not None:
                yield self.finding(
                    f"endpoint {name}",
                    f"the URL of endpoint {name} {problem[0]}",
                    remedy=problem[1],
                    location=_place(name, machine_file, profile_file),
                    severity=_weight(users.get(name, ())),
                    affects=users.get(name, ()),
                )


class END002(doctor.Check):
    """Every endpoint's key can be had.

    Settings only refer to keys. A variable that is not set here, or a file that is not there, shows as a refused
    request long after the start; a file that others may read is no secret. Relative paths start at the directory
    of `machine.toml`.
    """

    def run(
        self,
        *,
        endpoints: Endpoints,
        bindings: Bindings,
        stages: Stages,
        context: doctor.HarnessContext,
        paths: doctor.Paths,
        machine_file: doctor.Loaded[doctor.Machine],
        profile_file: doctor.ActiveProfile,
    ) -> Iterator[doctor.Finding]:
        """Fails when a variable is not set, a file is missing, empty or open to others, or a program is missing.

        It is a warning for an endpoint that nothing uses, and for a file that only has the wrong permissions.
        """
        users = _users(bindings, stages)
        for name, endpoint in endpoints.items():
            for problem, remedy, fatal in _key_problems(endpoint, context, paths):
                yield self.finding(
                    f"endpoint {name}",
                    f"endpoint {name}: {problem}",
                    remedy=remedy,
                    location=_place(name, machine_file, profile_file),
                    severity=_weight(users.get(name, ())) if fatal else doctor.Severity.WARNING,
                    affects=users.get(name, ()),
                    key=f"{name} {problem}",
                    fixable=not fatal and can_change(key_file(endpoint.api_key_file or "", context, paths)),
                )

    def fix(
        self, finding: doctor.Finding, endpoints: Endpoints, context: doctor.HarnessContext, paths: doctor.Paths
    ) -> doctor.Fix | None:
        """Takes every right to a key's file from group and others."""
        name = finding.subject.removeprefix("endpoint ")
        written = endpoints[name].api_key_file if name in endpoints else None
        return narrowed(self, finding, key_file(written, context, paths), by=OTHERS) if written else None


def _key_problems(
    endpoint: doctor.Endpoint, context: doctor.HarnessContext, paths: doctor.Paths
) -> Iterator[tuple[str, str, bool]]:
    """What is wrong with an endpoint's references: problem, remedy, and whether requests would fail."""
    for variable in (endpoint.api_key_env, *endpoint.headers.values()):
        if variable and not context.has(variable):
            yield f"the variable {variable} is not set here", f"export {variable} where agents are started", True
    if endpoint.api_key_file:
        path = key_file(endpoint.api_key_file, context, paths)
        yield from _file_problems(path)
    if endpoint.api_key_command:
        from shutil import which  # noqa: PLC0415 - few endpoints have a command

        program = str(context.expand(endpoint.api_key_command[0]))
        if which(program, path=context.environment.get("PATH", os.defpath)) is None:
            yield f"api_key_command starts {program}, which is no program here", f"install {program}", True


def _file_problems(path: Path) -> Iterator[tuple[str, str, bool]]:
    try:
        status = path.stat()
    except OSError as error:
        yield f"api_key_file {path} cannot be read: {error.strerror}", f"create {path} with mode 600", True
        return
    if not stat.S_ISREG(status.st_mode):
        yield f"api_key_file {path} is no file", "name a file that holds the key", True
    elif not status.st_size:
        yield f"api_key_file {path} is empty", f"write the key into {path}", True
    elif status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(status.st_mode)
        yield f"api_key_file {path} is open to others (mode {mode:o})", f"chmod 600 {path}", False


def key_file(written: str, context: doctor.HarnessContext, paths: doctor.Paths) -> Path:
    """The file that ``api_key_file`` means."""
    return paths.config_dir / context.expand(written)


class END003(doctor.Check):
    """Nothing travels unencrypted.

    Everybody between this machine and a server that is asked over http can read the prompts, and the key.
    """

    severity = doctor.Severity.WARNING

    def run(
        self,
        endpoints: Endpoints,
        machine_file: doctor.Loaded[doctor.Machine],
        profile_file: doctor.ActiveProfile,
    ) -> Iterator[doctor.Finding]:
        """Fails when an endpoint is asked over http on another machine; without a key that is only reported."""
        for name, endpoint in endpoints.items():
            if _in_the_clear(endpoint):
                keyed = _has_key(endpoint)
                host = _scheme_and_host(endpoint.url)[1]
                yield self.finding(
                    f"endpoint {name}",
                    f"endpoint {name} sends {'its key' if keyed else 'prompts'} unencrypted to {host}",
                    remedy="use https, or a tunnel that ends on this machine",
                    location=_place(name, machine_file, profile_file),
                    severity=doctor.Severity.WARNING if keyed else doctor.Severity.INFO,
                )


def _in_the_clear(endpoint: doctor.Endpoint) -> bool:
    scheme, host = _scheme_and_host(endpoint.url)
    return scheme == "http" and not doctor.is_loopback(host)


class END004(doctor.Check):
    """Every endpoint answers.

    Asked only with `--online`: one request for the list of models, five seconds at most for each step, no redirect
    to another server. The key goes along where it stands in a variable or a file and the connection keeps it
    secret; a command that prints a key is not run. URLs that END001 complains about are not asked.
    """

    reads = ("network",)
    timeout = 60.0

    def run(
        self,
        *,
        endpoints: Endpoints,
        bindings: Bindings,
        stages: Stages,
        context: doctor.HarnessContext,
        paths: doctor.Paths,
        machine_file: doctor.Loaded[doctor.Machine],
        profile_file: doctor.ActiveProfile,
    ) -> Iterator[doctor.Finding]:
        """Fails when an endpoint cannot be reached, refuses its key, redirects elsewhere, or does not answer in time.

        It is an error where something uses the endpoint and would fail, else a warning.
        """
        users = _users(bindings, stages)
        late = []
        sound = {
            name: each for name, each in endpoints.items() if doctor.endpoint_url_problem(each.url, each.kind) is None
        }
        for name, answer in _answers(sound, context, paths):
            affects = users.get(name, ())
            if answer.problem is not None:
                yield self.finding(
                    f"endpoint {name}",
                    f"endpoint {name} at {endpoints[name].url} {answer.problem}",
                    remedy="correct its URL or key, or start the server",
                    location=_place(name, machine_file, profile_file),
                    severity=_weight(affects) if answer.blocks else doctor.Severity.WARNING,
                    affects=affects,
                )
            if answer.timed_out:
                late.append(name)
        if late:
            raise doctor.ProbeTimeout(f"no answer in time from endpoint {', '.join(late)}")


def _answers(
    endpoints: Endpoints, context: doctor.HarnessContext, paths: doctor.Paths
) -> Iterable[tuple[str, doctor.EndpointAnswer]]:
    """What each endpoint says, in order, asked side by side."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - only with --online

    def asked(endpoint: doctor.Endpoint) -> doctor.EndpointAnswer:
        key = _key(endpoint, context, paths)
        headers = doctor.key_headers(endpoint.kind, key)
        if not _in_the_clear(endpoint):
            given = {header: context.environment.get(name, "").strip() for header, name in endpoint.headers.items()}
            headers |= {header: value for header, value in given.items() if value}
        return doctor.ask_endpoint(endpoint, headers, keyed=bool(headers), timeout=ANSWER_SECONDS)

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(zip(endpoints, pool.map(asked, endpoints.values()), strict=True))


def _key(endpoint: doctor.Endpoint, context: doctor.HarnessContext, paths: doctor.Paths) -> str:
    """The key, where it can be had by reading and may be sent; else empty."""
    if _in_the_clear(endpoint):
        return ""
    if endpoint.api_key_env:
        return context.environment.get(endpoint.api_key_env, "").strip()
    if endpoint.api_key_file:
        try:
            return key_file(endpoint.api_key_file, context, paths).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""
    return ""


class END005(doctor.Check):
    """No key stands in the settings of an endpoint.

    Settings are copied, shown and kept in repositories; they only refer to keys. What was found is never printed.
    """

    def run(
        self, machine_file: doctor.Loaded[doctor.Machine], profile_file: doctor.ActiveProfile
    ) -> Iterator[doctor.Finding]:
        """Fails when an endpoint of ``machine.toml`` or of the active profile holds a key, or what looks like one."""
        for found in written_keys(machine_file, profile_file):
            from checks.key_moves import can_be_moved  # noqa: PLC0415 - only a finding needs it

            yield self.finding(
                f"endpoint {found.endpoint}",
                f"endpoint {found.endpoint} holds {found.what} at {found.key}",
                remedy=f"revoke it, export a new one as {found.variable}, then {found.remedy}",
                location=found.location,
                key=f"{found.endpoint} {found.key}",
                fixable=can_be_moved(found),
            )

    def fix(
        self,
        finding: doctor.Finding,
        machine_file: doctor.Loaded[doctor.Machine],
        profile_file: doctor.ActiveProfile,
        environment: Mapping[str, str],
        paths: doctor.Paths,
    ) -> doctor.Fix | None:
        """Puts a reference in the place of a key.

        Where a variable here has the key as its value, its name; else the key goes into a file below the settings
        that only its owner can read. Keys in the values of headers, and beside another reference, are left.
        """
        from checks.key_moves import moved  # noqa: PLC0415 - only a finding needs it

        every = written_keys(machine_file, profile_file)
        found = next((each for each in every if each.location == finding.location), None)
        return moved(self, finding, found, environment, paths.config_dir) if found else None


@doctor.hookimpl
def doctor_register_checks() -> list[type[doctor.Check]]:
    """The checks of this family."""
    return [END001, END002, END003, END004, END005]
