"""Files of a project that a harness reads by itself, as data of its adapter."""

from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnFiles:
    """What one harness reads in the directory that it starts in, relative to it.

    What ends in ``/`` is a directory with all that is in it. Names are those that the harnesses' own manuals give;
    one that is missing here is not compared.
    """

    settings: tuple[str, ...] = ()
    """They may decide what it does without asking, which servers it talks to and which programs it runs."""

    instructions: tuple[str, ...] = ()
    """They are added to what it is told."""

    @property
    def every(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.settings, *self.instructions)
