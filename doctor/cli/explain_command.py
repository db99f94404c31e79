"""``doctor explain``."""

from argparse import Namespace
from typing import Any

from doctor.cli.explanation import explanation, reserved_explanations
from doctor.cli.request import options_of
from doctor.cli.streams import put, talking
from doctor.config.names import nearest
from doctor.diagnosis.run import prepare
from doctor.errors import UsageError
from doctor.exit_codes import ExitCode


def run(arguments: Namespace) -> int:
    """Explain each code that was named."""
    known = reserved_explanations()
    if not known.keys() >= {code.strip().upper() for code in arguments.codes}:
        with talking():
            checks = prepare(options_of(arguments)).plugins.checks
        known |= {check.code: explanation(check) for check in checks}
    explained = [_find(code, known) for code in arguments.codes]
    if arguments.format == "json":
        from doctor.report.json_format import SCHEMA_VERSION, dumps  # noqa: PLC0415 - one way of printing

        put(dumps({"schema_version": SCHEMA_VERSION, "checks": explained}))
    else:
        put("\n".join(map(_text, explained)))
    return ExitCode.OK


def _find(code: str, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
    found = known.get(code.strip().upper())
    if found is not None:
        return found
    hint = nearest(code, list(known))
    raise UsageError(
        f"no check is called {code!r}" + (f"; did you mean {hint}?" if hint else ""),
        remedy="list the checks: doctor checks",
    )


def _repairs(check: dict[str, Any]) -> str:
    return f"doctor fix --select {check['code']}\n{check['repairs']}" if check["repairs"] else ""


def _text(check: dict[str, Any]) -> str:
    facts = {
        "severity": check["severity"],
        "reads": ", ".join(check["reads"]),
        "requires": ", ".join(check["requires"]),
        "limit": f"{check['timeout']:g} s" if check["timeout"] else "",
        "plugin": check["plugin"],
    }
    lines = [f"{name.ljust(8)}  {value}" for name, value in facts.items() if value]
    if check["always"]:
        lines.append("It runs whatever is selected.")
    paragraphs = [f"{check['code']}  {check['title']}", check["why"], check["fails"], _repairs(check), "\n".join(lines)]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"
