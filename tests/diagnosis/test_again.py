"""How to ask the same again."""

from pathlib import Path

from doctor.cli.commands import CHECK
from doctor.cli.fix_commands import FIX
from doctor.cli.parser import parse
from doctor.cli.request import options_of
from doctor.diagnosis.again import again
from doctor.model.finding import Severity
from doctor.model.options import Options
from doctor.model.stage import Stage
from doctor.report.agent import NOT_FOR_FIX

NAMES = (
    "policy",
    "profile",
    "runtime",
    "stage",
    "fail_on",
    "online",
    "in_pane",
    "autoload",
    "plugins",
    "baseline",
    "locked",
    "allow_project_plugins",
)

ASKED = Options(
    policy=Path("/p/policy.json"),
    profile="office",
    runtime="codex",
    stage=Stage.EXECUTE,
    fail_on=Severity.WARNING,
    online=True,
    in_pane=True,
    autoload=False,
    plugins=("one", "two"),
    baseline=Path("/p/known.json"),
    locked=True,
    allow_project_plugins=True,
)


def test_plain_options_say_nothing() -> None:
    assert again(Options()) == ()


def test_what_was_asked_is_asked_again() -> None:
    words = [word for option in again(ASKED) for word in option]
    read = options_of(parse(CHECK, words))
    assert {name: getattr(read, name) for name in NAMES} == {name: getattr(ASKED, name) for name in NAMES}


def test_what_is_for_fix_is_taken_by_fix() -> None:
    words = [word for option in again(ASKED) if option[0] not in NOT_FOR_FIX for word in option]
    read = vars(parse(FIX, ["--select", "POL", *words, "--apply"]))
    assert (read["policy"], read["plugins"], read["online"]) == ("/p/policy.json", ["one", "two"], True)
