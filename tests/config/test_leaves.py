import pytest

from doctor.config.leaves import Refused, Vocabulary, key_steps, split_model, string_steps, url_problem
from doctor.config.runners import RunnerNames
from doctor.model.harness import RunnerSpec


@pytest.mark.parametrize("url", ["http://a", "https://a.example:8443/v1?x=1", "http://[::1]:80/", "HTTP://A"])
def test_http_urls_with_a_host_are_accepted(url: str) -> None:
    assert url_problem(url) is None


@pytest.mark.parametrize(
    "url",
    ["", "a", "ftp://a", "//a", "http://", "http:///x", "http://a:b", "http://a:99999", "http://[::1", "http://a b"],
)
def test_other_urls_are_refused(url: str) -> None:
    assert url_problem(url) is not None


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("codex:gpt-5", ("codex", "gpt-5")),
        ("nex:openrouter:a/b:free", ("nex", "openrouter:a/b:free")),
        ("opus", ("", "opus")),
        (":x", ("", "x")),
        ("", ("", "")),
    ],
)
def test_only_the_first_colon_splits_a_model_spec(spec: str, parts: tuple[str, str]) -> None:
    assert split_model(spec) == parts


def refusal(rules: dict[str, object], value: str, runners: tuple[RunnerSpec, ...] = ()) -> Refused:
    (step,) = string_steps(rules, Vocabulary(RunnerNames(runners)))
    with pytest.raises(Refused) as caught:
        step(value)
    return caught.value


def test_a_model_spec_needs_a_harness_that_runs_models(runners: tuple[RunnerSpec, ...]) -> None:
    rules: dict[str, object] = {"harness": "model"}
    assert refusal(rules, "opus", runners).rule == "value"
    assert "known harnesses: codex, claude_code" in str(refusal(rules, "opus", runners).remedy)
    assert refusal(rules, "codex:", runners).rule == "value"
    assert refusal(rules, "codx:gpt-5", runners).rule == "reference"
    assert 'did you mean "codex"?' in str(refusal(rules, "codx:gpt-5", runners).remedy)
    assert "runs no model" in refusal(rules, "shell:bash", runners).message


def test_choices_fold_case_only_where_they_say_so() -> None:
    words = Vocabulary()
    (fold,) = string_steps({"choices": ("off", "auto"), "fold_case": True}, words)
    assert fold("AUTO") == "auto"
    assert 'did you mean "auto"?' in str(refusal({"choices": ("off", "auto")}, "Auto").remedy)


@pytest.mark.parametrize(("rules", "key"), [({"key_pattern": "[A-Z]+"}, "a"), ({}, " "), ({"harness": "key"}, "x")])
def test_keys_of_mappings_follow_their_rules_and_are_never_blank(rules: dict[str, str], key: str) -> None:
    *_, step = key_steps(rules, Vocabulary())
    with pytest.raises(Refused):
        step(key)


def test_what_is_wrong_with_a_url_repeats_no_part_of_its_password() -> None:
    problem = url_problem("https://me:half/other@host/v1")
    assert problem == "has a port that is no number up to 65535 (in a password, / is written %2F)"
