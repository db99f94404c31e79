"""LCH: what a terminal of an agent is like from inside."""

from typing import Any

import pytest

import doctor
from checks import launch as family
from doctor.testing import run_check

SOCKET = "harness-doctor"


def pane(**changes: Any) -> doctor.PaneFact:
    return doctor.PaneFact(**({"socket": SOCKET, "cwd": "/project", "programs": {"/bin/alpha": None}} | changes))


def variable(name: str, here: str | None, there: str | None, where: str = "pane") -> doctor.VariableFact:
    return doctor.VariableFact(name=name, where=where, here=here, there=there)


def test_a_terminal_like_here_passes_everything(binding: Any) -> None:
    start = doctor.CompiledArgv(argv=("/bin/alpha", "run"))
    assert run_check(family.LCH001, pane=pane()).findings == ()
    assert run_check(family.LCH002, pane=pane()).findings == ()
    everyone = (binding("a", "alpha", launch=start),)
    assert run_check(family.LCH003, pane=pane(), bindings=everyone).findings == ()


def test_that_no_pane_can_be_had_stops_every_agent(told: Any, says: Any) -> None:
    outcome = run_check(family.LCH001, pane=pane(problem="tmux failed: lost its mind"))
    assert told(outcome) == [("error", "tmux socket harness-doctor", None, ("*",))]
    assert says(outcome.findings[0], "no agent can be started", "lost its mind", "tmux -L harness-doctor")


def test_a_directory_that_panes_cannot_enter_stops_every_agent(told: Any, says: Any) -> None:
    outcome = run_check(family.LCH001, pane=pane(cwd_problem="permission denied"))
    assert told(outcome) == [("error", "directory /project", None, ("*",))]
    assert says(outcome.findings[0], "/project cannot be entered", "permission denied", "--cwd")


@pytest.mark.parametrize(("where", "words"), [("pane", "in a pane"), ("server", "in the global environment of tmux")])
def test_a_variable_that_differs_is_told_with_both_values_and_what_it_means(
    where: str, words: str, told: Any, says: Any
) -> None:
    seen = pane(variables=(variable("PATH", "/usr/bin", "/bin", where), variable("HOME", "/home/me", None, where)))
    outcome = run_check(family.LCH002, pane=seen)
    assert told(outcome) == [("warning", "variable PATH", None, ()), ("warning", "variable HOME", None, ())]
    path, home = outcome.findings
    assert says(path, f"PATH is '/bin' {words} and '/usr/bin' here", "agents themselves are given", "kill-server")
    assert says(home, f"HOME is not set {words} and '/home/me' here")


def test_proxies_are_told_together_and_without_their_values(told: Any, says: Any) -> None:
    seen = (
        variable("https_proxy", "[hidden]", None),
        variable("NO_PROXY", None, "localhost"),
        variable("all_proxy", "http://one", "http://two"),
    )
    outcome = run_check(family.LCH002, pane=pane(variables=seen))
    assert told(outcome) == [("warning", "proxies", None, ())]
    (finding,) = outcome.findings
    assert says(finding, "https_proxy is set here only", "NO_PROXY is set there only", "all_proxy differs", "export")
    assert "http://" not in finding.message


def test_a_program_that_a_pane_cannot_run_is_told_to_those_who_would(binding: Any, told: Any, says: Any) -> None:
    alpha, beta = (doctor.CompiledArgv(argv=(f"/bin/{name}", "run")) for name in ("alpha", "beta"))
    everyone = (
        binding("a", "alpha", launch=alpha, profile_index=3),
        binding("b", "alpha", launch=alpha),
        binding("c", "beta", launch=beta),
    )
    seen = pane(programs={"/bin/alpha": "no such file or directory", "/bin/beta": None})
    outcome = run_check(family.LCH003, pane=seen, bindings=everyone)
    assert told(outcome) == [("error", "program /bin/alpha", "/agent_profiles/3/runner", ("runtime:alpha",))]
    assert says(outcome.findings[0], "agents a, b would run /bin/alpha", "no such file", "tmux -L harness-doctor")
