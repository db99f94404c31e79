"""Which project plugins are trusted: by the content of each file, so that a changed file is asked about again."""

import json
import os
import stat
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Literal, NamedTuple

from doctor.config.writing import replace_file
from doctor.errors import UsageError

STORE = "trusted-plugins.json"
SCHEMA_VERSION = 1
LARGEST = 1_000_000
"""Bytes of the largest plugin file that is read."""

Verdict = Literal["trusted", "new", "changed"]


class PluginFile(NamedTuple):
    """One file of ``.metawsm/checks``, read once: what is hashed is what is executed."""

    path: Path
    """Absolute, without symbolic links."""

    source: bytes

    @property
    def sha256(self) -> str:
        """Hash of ``source`` in hexadecimal."""
        return sha256(self.source).hexdigest()


class UntrustedPlugin(NamedTuple):
    """A project plugin that was not loaded."""

    path: str
    sha256: str | None
    """Of its content now; ``None`` where it was not read."""

    reason: str
    """``new`` (never trusted), ``changed`` (since it was), ``outside`` (a symbolic link leads out of
    ``.metawsm/checks``) or ``unreadable``."""


def read_plugins(project_root: Path) -> tuple[list[PluginFile], list[UntrustedPlugin]]:
    """The plugin files of a project in name order, and those that cannot be plugins wherever they are trusted."""
    directory = project_root.resolve() / ".metawsm" / "checks"
    files: dict[Path, PluginFile] = {}
    refused: list[UntrustedPlugin] = []
    for found in sorted((project_root / ".metawsm" / "checks").glob("*.py")):
        path = found.resolve()
        if path.parent != directory:
            refused.append(UntrustedPlugin(str(found), None, "outside"))
        elif (source := _content(path)) is None:
            refused.append(UntrustedPlugin(str(path), None, "unreadable"))
        else:
            files[path] = PluginFile(path, source)
    return list(files.values()), refused


def _content(path: Path) -> bytes | None:
    """The bytes of a regular file of bearable size that no symbolic link stands for, else ``None``."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    with os.fdopen(descriptor, "rb") as file:
        source = file.read(LARGEST + 1)
    return source if len(source) <= LARGEST else None


class TrustStore:
    """What ``doctor trust`` recorded on this machine, read when first asked.

    Args:
        state_dir: Directory of ``trusted-plugins.json``. The file belongs to the user and nobody else may write it.
    """

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / STORE
        self._trusted: dict[str, str] | None = None

    @property
    def trusted(self) -> Mapping[str, str]:
        """Absolute path to the hash of the content that was trusted.

        Raises:
            UsageError: The file is malformed, or others may write it.
        """
        if self._trusted is None:
            self._trusted = self._read()
        return self._trusted

    def is_trusted(self, path: Path, content_hash: str) -> bool:
        """Whether this content at this path was trusted."""
        return self.trusted.get(str(path)) == content_hash

    def verdict(self, file: PluginFile) -> Verdict:
        """Whether ``file`` may be executed, and if not, whether it was ever trusted."""
        if self.is_trusted(file.path, file.sha256):
            return "trusted"
        return "changed" if str(file.path) in self.trusted else "new"

    def replace(self, trusted: Mapping[str, str]) -> None:
        """Write the file anew: as a whole or not at all, readable by its owner only."""
        document = {"schema_version": SCHEMA_VERSION, "trusted": dict(sorted(trusted.items()))}
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self.path, (json.dumps(document, indent=2, ensure_ascii=True) + "\n").encode(), mode=0o600)
        self._trusted = dict(trusted)

    def _read(self) -> dict[str, str]:
        try:
            with self.path.open(encoding="utf-8") as file:
                self._refuse_foreign(os.fstat(file.fileno()))
                document = json.load(file)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise UsageError(f"{self.path} cannot be read: {error}", remedy=self._remedy) from error
        trusted = document.get("trusted") if isinstance(document, dict) else None
        if (
            not isinstance(trusted, dict)
            or document.get("schema_version") != SCHEMA_VERSION
            or not all(isinstance(value, str) for value in trusted.values())
        ):
            raise UsageError(f"{self.path} is no record of trusted plugins", remedy=self._remedy)
        return trusted

    def _refuse_foreign(self, status: os.stat_result) -> None:
        if status.st_uid not in {os.geteuid(), 0} or status.st_mode & 0o022:
            raise UsageError(f"{self.path} may be written by others, so it says nothing", remedy=self._remedy)

    @property
    def _remedy(self) -> str:
        return f"remove it and trust the plugins again: rm {self.path} && doctor trust"


def trust_plugins(project_root: Path, state_dir: Path) -> list[PluginFile]:
    """Trust every plugin file of a project as it is now.

    What was recorded of files of this project that are gone is forgotten.

    Returns:
        The files, whose content and hash are what was trusted.

    Raises:
        UsageError: One of them cannot be trusted, or the record cannot be read. Nothing is written then.
    """
    files, refused = read_plugins(project_root)
    if refused:
        listed = ", ".join(f"{plugin.path} ({plugin.reason})" for plugin in refused)
        raise UsageError(
            f"these plugins cannot be trusted: {listed}",
            remedy="keep plugins as regular files of at most 1 MB inside .metawsm/checks",
        )
    store = TrustStore(state_dir)
    store.replace(_others(store, project_root) | {str(file.path): file.sha256 for file in files})
    return files


def untrust(project_root: Path, state_dir: Path) -> list[str]:
    """Forget every plugin file of a project, and return the paths that were trusted.

    Raises:
        UsageError: The record cannot be read.
    """
    store = TrustStore(state_dir)
    others = _others(store, project_root)
    forgotten = sorted(set(store.trusted) - set(others))
    if forgotten:
        store.replace(others)
    return forgotten


def _others(store: TrustStore, project_root: Path) -> dict[str, str]:
    directory = project_root.resolve() / ".metawsm" / "checks"
    return {path: content for path, content in store.trusted.items() if Path(path).parent != directory}
