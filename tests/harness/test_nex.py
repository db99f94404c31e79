import sys
from collections.abc import Callable

import pytest

from doctor.harness.base import HarnessContext, LaunchRequest
from doctor.harness.nex import Nex
from doctor.model.harness import PROMPT, PROMPT_FILE
from doctor.model.policy import RunnerOptions
from doctor.model.secret import SecretRef

MakeContext = Callable[..., HarnessContext]
START = ("python", "-EP", "-m", "doctor.nex")
URL = "http://h/v1"


def has_modules(*names: str) -> Callable[[str], object]:
    return lambda name: object() if name in names else None


def test_it_runs_in_this_python_where_the_client_is(machine: MakeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", has_modules("doctor.nex", "openai"))

    assert Nex().builtin_program(machine()).path == sys.executable


def test_it_is_absent_without_the_client(machine: MakeContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", has_modules("doctor.nex"))

    program = Nex().builtin_program(machine())

    assert not program.found
    assert [candidate.problem for candidate in program.candidates] == ["has no module openai"]
    assert Nex.install == "pip install 'harness-doctor[nex]'"


def test_looking_for_it_imports_neither_it_nor_the_client(machine: MakeContext) -> None:
    import subprocess

    code = (
        "import sys; from pathlib import Path; from doctor.harness.base import HarnessContext; "
        "from doctor.harness.nex import Nex; "
        "Nex().builtin_program(HarnessContext(home=Path('/'), project=Path('/'), environment={})); "
        "print([name for name in ('openai', 'doctor.nex') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-Ic", code], capture_output=True, text=True, check=True)

    assert answer.stdout == "[]\n"


def test_an_endpoint_without_a_key_is_sent_none() -> None:
    start = Nex().compile(LaunchRequest(path="python", model="glm-5", endpoint_url=URL))

    assert start.argv == (*START, "--model", "glm-5", "--base-url", URL, "--no-key", "--", PROMPT)
    assert dict(start.env) == {}
    assert dict(start.secrets) == {}


@pytest.mark.parametrize(
    "options",
    [{"extra_args": ("--key-env=MINE",)}, {"extra_args": ("--no-key",)}, {"env": {"OPENAI_API_KEY": "of this policy"}}],
)
def test_a_policy_may_say_itself_which_key_it_takes(options: dict[str, object]) -> None:
    request = LaunchRequest(path="python", options=RunnerOptions(**options), endpoint_url=URL)  # type: ignore[arg-type]

    assert Nex().compile(request).argv == (*START, "--base-url", URL, *request.options.extra_args, "--", PROMPT)


@pytest.mark.parametrize(
    ("key", "variable", "reference"),
    [
        ({"endpoint_key_env": "BOX_KEY"}, "BOX_KEY", SecretRef(env="BOX_KEY")),
        ({"endpoint_key": SecretRef(file="~/key")}, "DOCTOR_ENDPOINT_KEY", SecretRef(file="~/key")),
    ],
)
def test_a_key_is_named_by_its_variable(key: dict[str, object], variable: str, reference: SecretRef) -> None:
    start = Nex().compile(LaunchRequest(path="python", endpoint_url=URL, **key))  # type: ignore[arg-type]

    assert start.argv == (*START, "--base-url", URL, "--key-env", variable, "--", PROMPT)
    assert dict(start.secrets) == {variable: reference}


def test_a_long_prompt_goes_by_standard_input_or_file() -> None:
    headless = Nex().compile(LaunchRequest(path="python"))
    interactive = Nex().compile(LaunchRequest(path="python", interactive=True))

    assert headless.stdin_argv == START
    assert headless.file_argv == (*START, "--prompt-file", PROMPT_FILE)
    assert interactive.stdin_argv is None
    assert interactive.file_argv == (*START, "--interactive", "--prompt-file", PROMPT_FILE)


@pytest.mark.parametrize("mode", Nex.choices["permission_mode"])
def test_a_permission_mode_is_its_approval(mode: str) -> None:
    start = Nex().compile(LaunchRequest(path="python", options=RunnerOptions(permission_mode=mode)))

    assert start.argv == (*START, "--approval", mode, "--", PROMPT)
    assert start.grants == ()


def test_who_is_asked_grants_nothing() -> None:
    options = RunnerOptions(permission_mode="ask", extra_args=("--unconfined",))

    assert Nex().compile(LaunchRequest(path="python", options=options)).grants == ()
