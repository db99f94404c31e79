"""The stages of the work."""

from enum import StrEnum


class Stage(StrEnum):
    """The closed set of stages.

    It is closed because a stage is a slot that every policy, journal and table can rely on; what happens
    inside a stage belongs to the program that runs there. A new member needs a decision record.
    """

    INTERVIEW = "interview"
    EXECUTE = "execute"
    EVALUATE = "evaluate"
    REFLECT = "reflect"
