"""Rules for single values. A rule takes a value and returns what is read for it, or refuses it."""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from doctor.config.names import Suggestions, name_problem
from doctor.config.problems import Rule
from doctor.config.runners import RunnerNames
from doctor.config.words import listed, quoted
from doctor.model.harness import AUTO

Step = Callable[[str], str]

LARGEST_NUMBER = 2**53 - 1
"""The largest whole number that every JSON implementation reads exactly."""


class Refused(Exception):  # noqa: N818 - an answer about a value, turned into a problem by the reader
    """A value breaks a rule.

    Args:
        rule: Which kind of rule.
        message: What was seen and expected.
        remedy: The next step.
        instead: Of an unknown key: the one key that it can be a misspelling of.
    """

    def __init__(self, rule: Rule, message: str, remedy: str | None = None, *, instead: str | None = None) -> None:
        super().__init__(message)
        self.instead = instead
        self.rule = rule
        self.message = message
        self.remedy = remedy


class Vocabulary:
    """What the rules of one file may refer to.

    Args:
        runners: The harness names; ``None`` where a file refers to none.
    """

    __slots__ = ("runners", "suggestions")

    def __init__(self, runners: RunnerNames | None = None) -> None:
        self.runners = runners or RunnerNames(())
        self.suggestions = Suggestions()

    def remedy(self, word: str, known: Collection[str], *, kind: str = "value") -> str:
        """A remedy that names the nearest known word and all of them."""
        every = f"known {kind}s: {listed(known)}" if known else f"there is no {kind} to choose from"
        near = self.suggestions.nearest(word, known)
        return f"did you mean {quoted(near)}? ({every})" if near is not None else every


def string_steps(rules: Mapping[str, Any], words: Vocabulary) -> tuple[Step, ...]:
    """What a field's rules do to a string, in the order in which they are applied."""
    return tuple(make(rules[name], rules, words) for name, make in _STEPS.items() if name in rules)


def key_steps(rules: Mapping[str, Any], words: Vocabulary) -> tuple[Step, ...]:
    """What a mapping's rules do to each of its keys."""
    steps: list[Step] = [_nonblank]
    if "key_pattern" in rules:
        steps.append(_matching(rules["key_pattern"], rules, words))
    if rules.get("harness") == "key":
        steps.append(_harness_name(words, words.runners.spellings))
    return tuple(steps)


def _nonblank(value: str) -> str:
    if not value or value.isspace():
        raise Refused("value", f"expected text, found the blank string {quoted(value)}", "fill it in or remove it")
    return value


def _name(value: str) -> str:
    problem = name_problem(value)
    if problem is not None:
        remedy = "use letters, digits, dots, dashes and underscores"
        raise Refused("value", f"the name {quoted(value)} {problem}", remedy)
    return value


def _choices(choices: tuple[str, ...], rules: Mapping[str, Any], words: Vocabulary) -> Step:
    fold = "fold_case" in rules

    def step(value: str) -> str:
        word = value.lower() if fold else value
        if word not in choices:
            message = f"expected one of {listed(choices)}, found the string {quoted(value)}"
            raise Refused("value", message, words.remedy(value, choices))
        return word

    return step


def _matching(pattern: str, rules: Mapping[str, Any], _words: Vocabulary) -> Step:
    matches = re.compile(pattern).fullmatch
    expected = rules.get("expected", f"text that matches {pattern}")

    def step(value: str) -> str:
        if not matches(value):
            seen = "another text" if "unquoted" in rules else f"the string {quoted(value)}"
            raise Refused("value", f"expected {expected}, found {seen}")
        return value

    return step


def _url(value: str) -> str:
    problem = url_problem(value)
    if problem is not None:
        message = f"expected an http or https URL with a host, found {quoted(value)}, which {problem}"
        raise Refused("value", message, "write it like http://127.0.0.1:8080/v1")
    return value


def url_problem(url: str) -> str | None:
    """Why ``url`` is no http or https URL with a host, as the rest of "the URL ..."; ``None`` when it is one."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - few files have URLs

    if any(character.isspace() or not character.isprintable() for character in url):
        return "contains white space or a control character"
    try:
        parts = urlsplit(url)
    except ValueError as error:
        return f"is malformed ({error})"
    try:
        port = parts.port
    except ValueError:  # its message repeats what stands there: a part of a password that has a slash in it
        return "has a port that is no number up to 65535 (in a password, / is written %2F)"
    if parts.scheme not in ("http", "https"):
        return "starts with neither http:// nor https://"
    if port == 0:
        return "has port 0"
    return None if parts.hostname else "has no host"


def _harness(use: str, _rules: Mapping[str, Any], words: Vocabulary) -> Step:
    if use == "model":
        return _model_spec(words)
    if use == "name-or-auto":
        return _harness_name(words, words.runners.spellings_or_auto, auto=True)
    return _harness_name(words, words.runners.spellings)


def _harness_name(words: Vocabulary, known: tuple[str, ...], *, auto: bool = False) -> Step:
    def step(value: str) -> str:
        spec = words.runners.spec(value)
        if spec is not None:
            return spec.id
        if auto and value.strip().lower() == AUTO:
            return AUTO
        ids = (*words.runners.ids, AUTO) if auto else words.runners.ids
        raise Refused("reference", f"no harness is called {quoted(value)}", _harness_remedy(value, known, ids, words))

    return step


def _harness_remedy(value: str, known: tuple[str, ...], ids: tuple[str, ...], words: Vocabulary) -> str:
    near = words.suggestions.nearest(value, known)
    every = f"known harnesses: {listed(ids)}"
    return f"did you mean {quoted(near)}? ({every})" if near is not None else every


def split_model(spec: str) -> tuple[str, str]:
    """The two parts of a model spec ``<prefix>:<model>``; only the first colon splits.

    The prefix is empty when there is no colon. Nothing is validated or trimmed.
    """
    prefix, colon, model = spec.partition(":")
    return (prefix, model) if colon else ("", spec)


def _model_spec(words: Vocabulary) -> Step:
    def step(value: str) -> str:
        prefix, model = split_model(value)
        if not prefix or not model or any(character.isspace() for character in value):
            message = f"expected a model as <harness>:<model>, found the string {quoted(value)}"
            raise Refused("value", message, f"put a harness in front; known harnesses: {listed(words.runners.ids)}")
        spec = words.runners.spec(prefix)
        if spec is None:
            remedy = _harness_remedy(prefix, words.runners.spellings, words.runners.ids, words)
            raise Refused("reference", f"no harness is called {quoted(prefix)}", remedy)
        if "model" not in spec.options:
            takers = listed(words.runners.takers("model"))
            raise Refused("reference", f"the harness {spec.id} runs no model", f"harnesses that do: {takers}")
        return value

    return step


_STEPS: dict[str, Callable[[Any, Mapping[str, Any], Vocabulary], Step]] = {
    "nonblank": lambda _value, _rules, _words: _nonblank,
    "trim": lambda _value, _rules, _words: str.strip,
    "as_name": lambda _value, _rules, _words: _name,
    "choices": _choices,
    "harness": _harness,
    "url": lambda _value, _rules, _words: _url,
    "pattern": _matching,
}
