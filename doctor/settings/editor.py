"""A person changes a profile: on a copy, which takes the profile's place only when it is valid."""

import contextlib
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from doctor.config.documents import LARGEST_DOCUMENT
from doctor.config.files import FileProblem, read_bytes
from doctor.errors import UsageError

RunEditor = Callable[[Sequence[str]], int]
"""Runs an argument list that ends in the file to edit, to its end, and gives its exit code."""

USUAL = ("vi",)


def editor_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The editor, with its arguments: ``VISUAL``, else ``EDITOR``, else vi.

    Raises:
        UsageError: A quotation mark in it has no partner.
    """
    for name in ("VISUAL", "EDITOR"):
        try:
            argv = shlex.split(environment.get(name, ""))
        except ValueError as error:
            raise UsageError(f"{name} cannot be read: {error}", remedy=f"set {name} anew") from error
        if argv:
            return tuple(argv)
    return USUAL


class Copy:
    """A file that a person edits; it stays only where what was written into it would be lost.

    Args:
        name: What it is called.
        content: What it holds at first.
    """

    def __init__(self, name: str, content: bytes) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="harness-doctor-")) / name
        self._before = content
        self.path.write_bytes(content)
        self.path.chmod(0o600)

    def edit(self, argv: Sequence[str], run_editor: RunEditor) -> bytes | None:
        """What it holds after the editor has ended; ``None`` when that is what it held before.

        Raises:
            UsageError: The editor failed, or left nothing that could be read.
        """
        try:
            code = run_editor((*argv, str(self.path)))
            content = read_bytes(self.path, limit=LARGEST_DOCUMENT)
        except FileProblem as problem:
            raise UsageError(f"what was edited {problem.message}", remedy="edit it again") from problem
        except BaseException:
            self.discard()
            raise
        if content == self._before:
            self.discard()
        if code:
            kept = "" if content == self._before else f"; what was written is in {self.path}"
            raise UsageError(f"the editor {argv[0]} ended with exit code {code}{kept}", remedy="nothing was changed")
        return None if content == self._before else content

    def discard(self) -> None:
        """Remove it."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
            self.path.parent.rmdir()

    @contextlib.contextmanager
    def kept_on_failure(self) -> Iterator[None]:
        """Say where it is when what it holds cannot be taken over; remove it when it was."""
        try:
            yield
        except UsageError as error:
            remedy = f"what was written is in {self.path}"
            raise UsageError(error.message, remedy=f"{error.remedy}; {remedy}" if error.remedy else remedy) from error
        self.discard()
