from pathlib import Path

import pytest

from doctor.harness.litellm import LiteLLM


def environment(tmp_path: Path, *infos: str, venv: bool = True) -> Path:
    program = tmp_path / "venv" / "bin" / "litellm"
    program.parent.mkdir(parents=True)
    program.touch()
    if venv:
        (tmp_path / "venv" / "pyvenv.cfg").touch()
    for info in infos:
        (tmp_path / "venv" / "lib" / "python3.11" / "site-packages" / info).mkdir(parents=True)
    return program


def test_its_installation_tells_its_version(tmp_path: Path) -> None:
    program = environment(tmp_path, "litellm-1.106.2.dist-info", "litellm_proxy_extras-0.1.dist-info")

    assert LiteLLM().metadata_version(program) == "1.106.2"


@pytest.mark.parametrize(
    ("infos", "venv"),
    [((), True), (("litellm-1.0.0.dist-info", "litellm-2.0.0.dist-info"), True), (("litellm-1.0.0.dist-info",), False)],
)
def test_where_it_is_not_certain_the_program_is_asked(tmp_path: Path, infos: tuple[str, ...], venv: bool) -> None:
    assert LiteLLM().metadata_version(environment(tmp_path, *infos, venv=venv)) is None


def test_a_gateway_is_carried_by_nex_and_needs_an_endpoint() -> None:
    assert (LiteLLM.carrier, LiteLLM.needs_endpoint) == ("nex", True)
