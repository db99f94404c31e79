"""References to secrets. The value itself is never part of any model."""

from doctor.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """Where a secret's value is looked up when a process starts; exactly one of the three is given."""

    env: str | None = None
    """Variable of the doctor's own environment."""

    file: str | None = None
    """File that holds it; ``~`` is the home directory."""

    command: tuple[str, ...] | None = None
    """Command that prints it."""

    @property
    def words(self) -> str:
        """The reference as people read it, such as ``env:OPENAI_API_KEY``."""
        if self.env is not None:
            return f"env:{self.env}"
        if self.file is not None:
            return f"file:{self.file}"
        return f"command:{(self.command or ('',))[0]}"
