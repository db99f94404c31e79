"""The harness names that a configuration file may use, as the registry describes them."""

from collections.abc import Iterable

from doctor.model.harness import AUTO, RunnerSpec


class RunnerNames:
    """Every spelling of every harness.

    Args:
        specs: What the registry says about each harness; where two share a spelling the first one keeps it.
    """

    __slots__ = ("_by_spelling", "ids", "spellings", "spellings_or_auto")

    def __init__(self, specs: Iterable[RunnerSpec]) -> None:
        self._by_spelling: dict[str, RunnerSpec] = {}
        spellings: dict[str, None] = {}
        for spec in specs:
            for spelling in (spec.id, *spec.aliases):
                self._by_spelling.setdefault(_folded(spelling), spec)
                spellings[spelling.strip().lower()] = None
        self.ids: tuple[str, ...] = tuple(dict.fromkeys(spec.id for spec in self._by_spelling.values()))
        self.spellings: tuple[str, ...] = tuple(spellings)
        self.spellings_or_auto: tuple[str, ...] = (*self.spellings, AUTO)

    def spec(self, spelling: str) -> RunnerSpec | None:
        """The harness of that id or alias, in any case, with ``-`` for ``_`` and with white space around it."""
        return self._by_spelling.get(spelling) or self._by_spelling.get(_folded(spelling))

    def takers(self, option: str) -> tuple[str, ...]:
        """Ids of the harnesses that take this key of ``runner_options``."""
        return tuple(spec.id for spec in self.specs if option in spec.options)

    @property
    def specs(self) -> tuple[RunnerSpec, ...]:
        """Every harness once."""
        return tuple(self._by_spelling[_folded(identity)] for identity in self.ids)


def _folded(spelling: str) -> str:
    """As the registry compares spellings: trimmed, lower case, ``-`` and ``_`` alike."""
    return spelling.strip().lower().replace("-", "_")
