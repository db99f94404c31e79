"""What an executor says about itself: the versions it reads, and what an invocation looks like."""

import json
import sys
from collections.abc import Sequence

from doctor.model.executor_profile import SCHEMA_VERSIONS
from doctor.runner.invocation import ExecutorInvocation, InvocationError

_NO_PROMPT = "parameters hold no prompt"


def explain(arguments: Sequence[str], content: bytes = b"") -> int:
    """Answer a question, or say what is wrong with an invocation; the exit code.

    Args:
        arguments: Of the command line; none of them: the invocation is what is wrong.
        content: The invocation.
    """
    if list(arguments) == ["--version"]:
        sys.stdout.write(f"{', '.join(SCHEMA_VERSIONS)}\n")
        return 0
    if list(arguments) == ["--schema"]:
        from doctor.runner.invocation_schema import invocation_schema  # noqa: PLC0415 - asked for rarely

        sys.stdout.write(f"{json.dumps(invocation_schema(), indent=2)}\n")
        return 0
    if arguments:
        sys.stderr.write("Error: expected --schema, --version, or an invocation on standard input\n")
        return 2
    try:
        ExecutorInvocation.from_json(content)
    except InvocationError as error:
        sys.stderr.write(f"Error: {error}\n")
    else:
        sys.stderr.write(f"Error: {_NO_PROMPT}\n")
    return 1
