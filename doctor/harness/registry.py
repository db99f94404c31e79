"""The one list of harnesses; it answers every spelling."""

import re
from collections.abc import Iterable

from doctor.errors import RegistrationError
from doctor.harness.base import Harness
from doctor.model.harness import RunnerSpec

_ID = re.compile(r"[a-z][a-z0-9_]*")


def fold(spelling: str) -> str:
    """The form in which spellings are compared: trimmed, lower case, ``-`` and ``_`` alike."""
    return spelling.strip().lower().replace("-", "_")


class Registry:
    """Harnesses by id and alias.

    Args:
        harnesses: Adapters, in the order in which tables show them.

    Raises:
        RegistrationError: One is malformed, or two answer to the same spelling.
    """

    __slots__ = ("_by_id", "_spellings")

    def __init__(self, harnesses: Iterable[Harness]) -> None:
        self._by_id: dict[str, Harness] = {}
        self._spellings: dict[str, str] = {}
        for harness in harnesses:
            _verify(harness)
            self._by_id.setdefault(harness.id, harness)
            for spelling in dict.fromkeys(map(fold, (harness.id, *harness.aliases))):
                self._claim(spelling, harness)

    def _claim(self, spelling: str, harness: Harness) -> None:
        owner = self._spellings.setdefault(spelling, harness.id)
        if owner != harness.id or self._by_id[owner] is not harness:
            raise RegistrationError(
                f"harness {harness.id!r} of {type(harness).__module__} answers to {spelling!r}, "
                f"as harness {owner!r} already does",
                remedy="give it an id and aliases of its own",
            )

    @property
    def harnesses(self) -> tuple[Harness, ...]:
        """All adapters, in order."""
        return tuple(self._by_id.values())

    @property
    def ids(self) -> tuple[str, ...]:
        """All runtime ids, in order."""
        return tuple(self._by_id)

    def canonical(self, spelling: str) -> str | None:
        """The runtime id behind any spelling, or ``None``."""
        return self._spellings.get(fold(spelling))

    def get(self, spelling: str) -> Harness | None:
        """The adapter behind any spelling, or ``None``."""
        found = self.canonical(spelling)
        return self._by_id[found] if found else None

    def specs(self) -> tuple[RunnerSpec, ...]:
        """What a policy may say about each."""
        return tuple(harness.spec() for harness in self._by_id.values())

    def nearest(self, spelling: str) -> str | None:
        """The runtime id that a mistyped spelling probably meant, or ``None``."""
        from doctor.config.names import nearest  # noqa: PLC0415 - only needed once something is wrong

        found = nearest(fold(spelling), self._spellings)
        return self._spellings[found] if found else None

    def install(self, spelling: str) -> str | None:
        """The command that installs it; ``None`` where it is unknown or there is nothing to install."""
        harness = self.get(spelling)
        return (harness.install or None) if harness else None


def _verify(harness: Harness) -> None:
    problem = None
    if not isinstance(harness, Harness):
        problem = "is no instance of doctor.Harness"
    elif not _ID.fullmatch(getattr(harness, "id", "")):
        problem = "has no id of lower-case letters, digits and underscores"
    elif not getattr(harness, "title", ""):
        problem = "has no title"
    elif not harness.builtin and not harness.binaries:
        problem = "names no program to look for (binaries)"
    if problem:
        raise RegistrationError(
            f"harness {harness!r} {problem}", remedy="see CONTRIBUTING.md on how an adapter is written"
        )


def builtin_harnesses() -> tuple[Harness, ...]:
    """The adapters this tool brings along, in the order in which tables show them."""
    from doctor.harness.aider import Aider  # noqa: PLC0415 - a registry of other adapters does not need these
    from doctor.harness.amp import Amp  # noqa: PLC0415
    from doctor.harness.claude_code import ClaudeCode  # noqa: PLC0415
    from doctor.harness.codex import Codex  # noqa: PLC0415
    from doctor.harness.copilot import Copilot  # noqa: PLC0415
    from doctor.harness.crush import Crush  # noqa: PLC0415
    from doctor.harness.gemini import Gemini  # noqa: PLC0415
    from doctor.harness.goose import Goose  # noqa: PLC0415
    from doctor.harness.hermes import Hermes  # noqa: PLC0415
    from doctor.harness.litellm import LiteLLM  # noqa: PLC0415
    from doctor.harness.nex import Nex  # noqa: PLC0415
    from doctor.harness.omx import Omx  # noqa: PLC0415
    from doctor.harness.opencode import OpenCode  # noqa: PLC0415
    from doctor.harness.pi import Pi  # noqa: PLC0415
    from doctor.harness.qwen import Qwen  # noqa: PLC0415
    from doctor.harness.shell import Shell  # noqa: PLC0415

    adapters = (Codex, ClaudeCode, OpenCode, Gemini, Hermes, Omx, Qwen, Copilot, Pi, Amp, Aider, Goose, Crush)
    return (*(adapter() for adapter in adapters), LiteLLM(), Shell(), Nex())
