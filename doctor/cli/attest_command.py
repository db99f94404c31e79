"""``doctor attest`` and ``doctor verify``."""

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doctor.cli.request import options_of
from doctor.cli.showing import showing
from doctor.cli.streams import STDOUT_NAMES, put, say, say_notices, talking
from doctor.cli.writing import refuse_unwritable, write_text
from doctor.errors import UsageError

if TYPE_CHECKING:
    from doctor.config.attestation import Attestation

LARGEST = 8 * 1024 * 1024
"""Bytes of an attestation that is read from stdin."""


def attest(arguments: Namespace) -> int:
    """Print an attestation."""
    options = options_of(arguments)
    arguments.format = "json"
    show = showing(arguments, options)
    target = None if arguments.file in {None, *STDOUT_NAMES} else options.cwd / arguments.file
    if target is not None:
        refuse_unwritable(target)
    from datetime import UTC, datetime  # noqa: PLC0415 - not for a wrong command line

    from doctor.diagnosis.run import examine  # noqa: PLC0415 - see above
    from doctor.gate import attestation  # noqa: PLC0415 - see above
    from doctor.report.json_format import dumps  # noqa: PLC0415 - see above

    with show.progress() as progress, talking():
        examined = examine(options, progress=progress)
        document = attestation.attest(examined, now=datetime.now(UTC))
    text = dumps(document)
    if target is None:
        put(text)
    else:
        write_text(target, text)
        say(f"wrote {target}")
    say_notices(examined.report.notices)
    return int(examined.report.exit_code)


def verify(arguments: Namespace) -> int:
    """Compare what is here with an attestation."""
    options = options_of(arguments)
    show = showing(arguments, options)
    from doctor.diagnosis.run import examine  # noqa: PLC0415 - not for a wrong command line
    from doctor.gate.attestation import compare  # noqa: PLC0415 - see above
    from doctor.gate.attestation import options_of as attested_options  # noqa: PLC0415 - see above
    from doctor.gate.showing import verdict_json, verdict_lines  # noqa: PLC0415 - see above

    made = _read(arguments.file, options.cwd)
    with show.progress() as progress, talking():
        examined = examine(attested_options(made, options), progress=progress)
        verdict = compare(made, examined)
    secrets = (*show.secrets, *examined.report.secrets)
    if show.json:
        show.document(verdict_json(verdict, secrets))
    else:
        show.text(verdict_lines(verdict, secrets))
    say_notices(examined.report.notices)
    say("everything is as it was attested" if not verdict.differences else "not everything is as it was attested")
    return int(verdict.exit_code)


def _read(name: str, cwd: Path) -> "Attestation":
    """The attestation in a file or on stdin.

    Raises:
        UsageError: It is malformed, or does not fit its own hashes; says everything that is wrong, with its place.
    """
    from doctor.config.attestation import load_attestation  # noqa: PLC0415 - not for a wrong command line
    from doctor.config.problems import in_words  # noqa: PLC0415 - see above

    if name == "-":
        try:
            content: Any = sys.stdin.buffer.read(LARGEST + 1)
        except (OSError, ValueError, AttributeError) as error:
            raise UsageError(f"stdin cannot be read: {error}") from error
        if len(content) > LARGEST:
            raise UsageError(f"stdin has more than {LARGEST:,} bytes, expected an attestation")
        loaded = load_attestation(cwd / "stdin", content=content)
    else:
        loaded = load_attestation(cwd / name)
    if loaded.value is None:
        said = "\n".join(map(in_words, loaded.problems))
        raise UsageError(f"the attestation cannot be trusted\n{said}", remedy=loaded.problems[0].remedy)
    return loaded.value
