from doctor.config.runners import RunnerNames
from doctor.model.harness import RunnerSpec


def test_every_spelling_in_any_case_means_its_harness(runners: tuple[RunnerSpec, ...]) -> None:
    names = RunnerNames(runners)
    for spelling in ("claude_code", "claude", " Claude-Code\n", "CLAUDE-code"):
        spec = names.spec(spelling)
        assert spec is not None
        assert spec.id == "claude_code"
    assert names.spec("nothing") is None


def test_ids_keep_the_order_of_the_registry_and_takers_are_ids(runners: tuple[RunnerSpec, ...]) -> None:
    names = RunnerNames(runners)
    assert names.ids == ("codex", "claude_code", "shell", "opencode", "hermes")
    assert names.takers("command") == ("shell",)
    assert names.takers("nothing") == ()


def test_dashes_and_underscores_are_alike_whatever_the_registry_writes() -> None:
    names = RunnerNames((RunnerSpec(id="copilot_cli"), RunnerSpec(id="q", aliases=("a-b",))))
    assert [getattr(names.spec(text), "id", None) for text in ("copilot-cli", "a_b", "A-B")] == [
        "copilot_cli",
        "q",
        "q",
    ]
    assert names.spellings == ("copilot_cli", "q", "a-b")
