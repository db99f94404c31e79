"""Taking the files that matter out of a commit: by plumbing alone, so nothing of the repository's own is run.

There is no checkout, no hook, no filter and no pager, and what is missing in a partial clone is not fetched.
"""

import os
import signal
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from doctor.config.documents import LARGEST_DOCUMENT
from doctor.errors import UsageError
from doctor.records import dataclass

MOST_FILES = 20_000
MOST_BYTES = 256 * 1024 * 1024
"""Of all files that are taken out of one commit together."""

MOST_BELOW = 2_000
"""Files of some names, anywhere below a directory."""

MOST_PATHS = 200
"""In one question to git; a command line takes some 2 MB, and a path may have 4 KB."""

TIMEOUT = 60.0
"""Seconds for one question to git."""

MOST_ROUNDS = 8
"""Times that links may lead on to files that were not asked for."""

REGULAR, EXECUTABLE, LINK, SUBMODULE = "100644", "100755", "120000", "160000"
_KEPT = ("GIT_CONFIG", "GIT_CEILING_DIRECTORIES", "GIT_TRACE")
_NOWHERE = ".outside-of-what-is-compared"
"""What a link leads to that would lead out of what was taken; nothing is ever there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a commit."""

    mode: str
    oid: str
    size: int
    path: str
    """Relative to the repository's root, with ``/``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository, as far as comparing looks at it."""

    directory: Path
    """Where git is asked."""

    prefix: str
    """Path from the repository's root to ``directory``, without slashes around it; empty at the root."""

    environment: Mapping[str, str]

    def commit(self, name: str) -> str | None:
        """The id of the commit that ``name`` stands for; ``None`` where it stands for none."""
        if not name or name.startswith("-") or not name.isprintable():
            return None
        said = self._ask("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        words = said.stdout.decode("ascii", "replace").split() if said.returncode == 0 else []
        return words[-1] if words and _is_id(words[-1]) else None

    def entries(self, commit: str, paths: Sequence[str]) -> list[Entry]:
        """What of ``paths`` is in a commit, directories with all that is in them.

        Raises:
            UsageError: git cannot tell.
        """
        found = []
        for start in range(0, len(paths), MOST_PATHS):
            some = paths[start : start + MOST_PATHS]
            said = self._ask("ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", *some)
            if said.returncode != 0:
                raise _refused("cannot list the commit", said)
            found += [entry for line in said.stdout.split(b"\0") if line and (entry := _entry(line)) is not None]
        return found

    def contents(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, bytes]]:
        """The content of each file, in order.

        Raises:
            UsageError: git cannot tell.
        """
        if not entries:
            return
        said = self._ask("cat-file", "--batch", stdin="".join(f"{entry.oid}\n" for entry in entries).encode())
        if said.returncode != 0:
            raise _refused("cannot read files of the commit", said)
        rest = memoryview(said.stdout)
        for entry in entries:
            head = bytes(rest[: entry.size + 200]).partition(b"\n")[0]
            words = head.split()
            if len(words) != 3 or words[1] != b"blob":  # noqa: PLR2004 - id, type, size
                raise UsageError(
                    f"git does not have the content of {entry.path!r} in the commit",
                    remedy="fetch it: git fetch --refetch, or clone without --filter",
                )
            start, size = len(head) + 1, int(words[2])
            yield entry, bytes(rest[start : start + size])
            rest = rest[start + size + 1 :]

    def ignored(self, paths: Sequence[str]) -> set[str]:
        """Which of these paths, relative to ``directory``, are neither tracked nor to be; none where nobody knows."""
        # It takes no paths as they are (GIT_LITERAL_PATHSPECS), and a dot before keeps a colon from meaning anything.
        environment = {**self.environment, "GIT_LITERAL_PATHSPECS": "0"}
        listed = b"\0".join(b"./" + os.fsencode(path) for path in paths)
        said = _git(self.directory, environment, ("check-ignore", "-z", "--stdin"), listed) if paths else None
        if said is None or said.returncode != 0:
            return set()
        return {os.fsdecode(each).removeprefix("./") for each in said.stdout.split(b"\0") if each}

    def named(self, names: Collection[str], *, commit: str | None = None, below: str = "") -> dict[str, str] | None:
        """Every file with one of these names: of a commit, or of what git tracks or would track.

        Args:
            names: Names without a directory.
            commit: ``None``: what is here, below ``directory``.
            below: A directory of the commit, from the repository's root; empty is the root.

        Returns:
            By path relative to that directory, sorted, the id of the content: of a file of the commit, and of one that
            a sparse checkout leaves out; else empty. ``None`` where git knows of nothing here at all, as in a directory
            that it ignores.

        Raises:
            UsageError: git cannot tell, or there are too many.
        """
        if commit is None:
            said = self._ask("ls-files", "-z", "-s", "-t", "--cached", "--others", "--exclude-standard")
        else:
            inside = ("--", f"{below}/") if below else ()
            said = self._ask("ls-tree", "-r", "-z", "--full-tree", commit, *inside)
        if said.returncode != 0:
            raise _refused("cannot list the files", said)
        if commit is None and not said.stdout:
            return None
        endings = tuple(os.fsencode(name) for name in names)
        every = [_listed(line) for line in said.stdout.split(b"\0") if line.endswith(endings)]
        start = f"{below}/" if commit is not None and below else ""
        found = {
            path.removeprefix(start): "" if commit is None and os.path.lexists(self.directory / path) else oid
            for path, oid in every
            if path.rpartition("/")[2] in names and _is_plain(path)
        }
        if len(found) > MOST_BELOW:
            raise UsageError(
                f"there are more than {MOST_BELOW:,} files of instructions below the project",
                remedy="leave out of git what harnesses need not read",
            )
        return dict(sorted(found.items()))

    def _ask(self, *arguments: str, stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        return _git(self.directory, self.environment, arguments, stdin)


def find_repository(directory: Path, environment: Mapping[str, str]) -> Repository | None:
    """The repository around a directory; ``None`` where there is none, or no git."""
    own = {name: value for name, value in environment.items() if not name.startswith("GIT_") or name.startswith(_KEPT)}
    own |= {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_PAGER": "cat",
        "LC_ALL": "C",
    }
    said = _git(directory, own, ("rev-parse", "--show-prefix"), b"")
    if said.returncode != 0:
        complaint = said.stderr.decode("utf-8", "replace")
        if "dubious ownership" in complaint:
            raise UsageError(
                f"git does not trust the repository around {directory}, because somebody else owns it",
                remedy="look at it, then run: git config --global --add safe.directory DIRECTORY",
            )
        return None
    prefix = os.fsdecode(said.stdout.removesuffix(b"\n")).strip("/")
    return Repository(directory=directory, prefix=prefix, environment=own)


def _git(
    directory: Path, environment: Mapping[str, str], arguments: Sequence[str], stdin: bytes
) -> "subprocess.CompletedProcess[bytes]":
    """Ask git one question.

    Raises:
        UsageError: There is no git, or it gives no answer in time.
    """
    argv = ("git", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", *arguments)
    process = None
    try:
        with undisturbed():
            process = subprocess.Popen(
                argv,
                cwd=directory,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        stdout, stderr = process.communicate(stdin, timeout=TIMEOUT)
    except BaseException as error:
        if process is not None:
            _end(process)
        if isinstance(error, subprocess.TimeoutExpired):
            raise UsageError(f"git gave no answer within {TIMEOUT:g} s: {' '.join(arguments[:2])}") from error
        if isinstance(error, OSError):
            raise UsageError(f"git cannot be run: {error.strerror or error}", remedy="install git") from error
        raise
    return subprocess.CompletedProcess(argv, process.returncode, stdout, stderr)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End git with whatever it started."""
    with process, suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Signals that end the program wait until this is over."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _is_id(word: str) -> bool:
    return len(word) in {40, 64} and all(digit in "0123456789abcdef" for digit in word)


def _entry(line: bytes) -> Entry | None:
    head, _, name = line.partition(b"\t")
    mode, _kind, oid, size = head.decode("ascii").split()
    path = os.fsdecode(name)
    if not _is_plain(path):
        return None
    return Entry(mode=mode, oid=oid, size=0 if size == "-" else int(size), path=path)


def _listed(line: bytes) -> tuple[str, str]:
    """A path that git lists, and the id of its content where that is a file's and not to be looked for on disk."""
    if line.startswith(b"? "):
        return os.fsdecode(line[2:]), ""
    head, _, name = line.partition(b"\t")
    words = head.decode("ascii").split()
    # Of a tree: mode, type, id. Of the index: tag, mode, id, stage; the tag S is for what a sparse checkout leaves out.
    known = words[0] in {REGULAR, EXECUTABLE} or (words[0] == "S" and words[1] in {REGULAR, EXECUTABLE})
    return os.fsdecode(name), words[2] if known else ""


def _is_plain(path: str) -> bool:
    """Whether a path stays below where it starts: a tree that was made by hand may hold any name."""
    parts = path.split("/")
    return not any(part in {"", ".", ".."} or part.casefold() == ".git" for part in parts)


def _refused(what: str, said: "subprocess.CompletedProcess[bytes]") -> UsageError:
    complaint = " ".join(said.stderr.decode("utf-8", "replace").split())
    return UsageError(f"git {what}: {complaint}", remedy="fetch what is missing, or name another revision")


def extract(repository: Repository, commit: str, paths: Iterable[str], into: Path) -> dict[str, str]:
    """Write what of ``paths`` is in a commit below a directory of one's own, links as links.

    A link that leads out of what may be taken leads nowhere; one that leads to another file of the commit brings that
    file along. A file too large to be read is there with its size alone.

    Returns:
        Submodules, whose content is not in the commit: which commit of theirs stands at which path.

    Raises:
        UsageError: git cannot tell, or there is too much.
    """
    found: dict[str, Entry] = {}
    wanted = {path for path in paths if path}
    asked: set[str] = set()
    for _ in range(MOST_ROUNDS):
        news = sorted(wanted - asked)
        if not news:
            break
        asked.update(news)
        fresh = [entry for entry in repository.entries(commit, news) if entry.path not in found]
        found |= {entry.path: entry for entry in fresh}
        _refuse_too_much(found.values())
        links = [entry for entry in fresh if entry.mode == LINK and entry.size <= LARGEST_DOCUMENT]
        wanted |= {target for entry, content in repository.contents(links) if (target := _target(entry, content))}
    try:
        _write(repository, list(found.values()), into)
    except OSError as error:
        raise UsageError(f"the files of the commit cannot be laid out: {error}") from error
    return {entry.path: entry.oid for entry in found.values() if entry.mode == SUBMODULE}


def _refuse_too_much(entries: Iterable[Entry]) -> None:
    sizes = [entry.size for entry in entries if entry.size <= LARGEST_DOCUMENT]
    if len(sizes) > MOST_FILES or sum(sizes) > MOST_BYTES:
        raise UsageError(
            f"the commit holds more than {MOST_FILES:,} files or {MOST_BYTES // 2**20} MB of policy, profiles and "
            "skills",
            remedy="keep large files out of .metawsm and the directories of skills",
        )


def _target(entry: Entry, content: bytes) -> str | None:
    """Where a link leads, from the repository's root; ``None`` where that is outside."""
    written = os.fsdecode(content)
    if written.startswith("/") or "\0" in written or not written:
        return None
    place = os.path.normpath(PurePosixPath(entry.path).parent / written)
    return place if _is_plain(place) else None


def _is_new(into: Path, path: str) -> bool:
    """Whether nothing of an earlier round is at a path, or is a link on the way to it."""
    place = into / path
    above = [each for each in place.parents if each.is_relative_to(into) and each != into]
    return not os.path.lexists(place) and not any(each.is_symlink() for each in above)


def _write(repository: Repository, entries: Sequence[Entry], into: Path) -> None:
    """Files first and links last: no file is ever written through a link, nor one that is there already."""
    entries = [entry for entry in entries if _is_new(into, entry.path)]
    files = [entry for entry in entries if entry.mode in {REGULAR, EXECUTABLE}]
    for entry in files:
        (into / entry.path).parent.mkdir(parents=True, exist_ok=True)
    for entry in (each for each in files if each.size > LARGEST_DOCUMENT):
        with (into / entry.path).open("xb") as file:
            file.truncate(entry.size)
    for entry, content in repository.contents([each for each in files if each.size <= LARGEST_DOCUMENT]):
        with (into / entry.path).open("xb") as file:
            file.write(content)
            os.fchmod(file.fileno(), 0o700 if entry.mode == EXECUTABLE else 0o600)
    links = [each for each in entries if each.mode == LINK and each.size <= LARGEST_DOCUMENT]
    for entry, content in repository.contents(links):
        place = into / entry.path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(os.fsdecode(content) if _target(entry, content) else _NOWHERE)
    root = Path(os.path.realpath(into))
    for place in (into / entry.path for entry in links):
        # A link that names another one on its way may still lead out, whatever its own text says.
        if not Path(os.path.realpath(place)).is_relative_to(root):
            place.unlink()
            place.symlink_to(_NOWHERE)
