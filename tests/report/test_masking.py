"""Texts of files without the secrets in them, line for line."""

import pytest

from doctor.report.masking import masked


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.json", '{"api_key": "abc", "b": 1}', '{"api_key": "[redacted]", "b": 1}'),
        ("a.json", '{"env": {"TEAM_TOKEN": "x y"}}', '{"env": {"TEAM_TOKEN": "[redacted]"}}'),
        ("a.json", '{"password": 12345, "on": true}', '{"password": [redacted], "on": true}'),
        ("a.json", '{"tokens": ["a", {"b": "c"}]}', '{"tokens": ["[redacted]", {"b": "[redacted]"}]}'),
        ("a.json", '{"api_key_env": "NAME", "api_key_file": "a/b", "max_tokens": 5}', None),
        ("a.json", '{"api_key_env": "not a name"}', '{"api_key_env": "[redacted]"}'),
        ("a.toml", "api_key = 'abc' # why\n", "api_key = '[redacted]' # why\n"),
        ("a.toml", 'key = """\nabc\ndef"""\nx = 1\n', 'key = "[redacted]"\n[redacted]\n[redacted]\nx = 1\n'),
        ("a.toml", 'headers = {x = "abc def", y = "NAME"}\n', 'headers = {x = "[redacted]", y = "NAME"}\n'),
        ("a.toml", '# api_key = "abcdef"\n', '# api_key = "******"\n'),
        ("a.json", '{"api_key": "abc",', None),
        ("a.txt", "key = abc", None),
    ],
)  # fmt: skip
def test_values_under_the_name_of_a_secret_are_hidden(path: str, text: str, expected: str | None) -> None:
    shown = masked(text, path)
    assert shown == (text if expected is None else expected)
    assert shown.count("\n") == text.count("\n")


def test_a_block_of_a_private_key_is_hidden_with_its_lines() -> None:
    text = "a\n-----BEGIN PRIVATE KEY-----\nMIIE\nabc\n-----END PRIVATE KEY-----\nb\n"
    assert masked(text, "x") == "a\n[redacted]\n[redacted]\n[redacted]\n[redacted]\nb\n"
