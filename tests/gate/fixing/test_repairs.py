"""Each kind of repair, from the finding to the file and back."""

import json
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checks.modes import can_change
from doctor.diagnosis.fixes import plan_fixes
from doctor.exit_codes import ExitCode
from doctor.gate.fixing.undoing import applications
from doctor.report.fix_json import repairs_json
from tests.gate.fixing.conftest import POLICY, Bench

States = Callable[..., list[tuple[str, str]]]
KEY = "k1-written-in-plain-text"


@pytest.fixture
def round_trip(bench: Bench, states: States) -> Callable[..., None]:
    """Apply everything, expect that it is fixed, and that undoing leaves what was there before."""

    def carry(*codes: str, expected: list[str]) -> None:
        before = bench.tree()
        planned = bench.plan(*codes)[1]
        assert bench.tree() == before
        assert states(planned.repairs) == [(code, "planned") for code in expected]
        assert states(bench.apply(*codes)) == [(code, "fixed") for code in expected]
        after = bench.tree()
        assert after != before
        assert bench.undo().complete
        assert bench.tree() == before
        assert states(bench.apply(*codes)) == [(code, "fixed") for code in expected]
        assert bench.tree() == after

    return carry


def test_a_policy_of_version_1_is_converted_with_everything_else_that_it_says(
    bench: Bench, round_trip: Callable[..., None]
) -> None:
    bench.write("""\
{
  "version": 1,
  "tmux": {"socket": "mine"},
  "agents": [
    {"name": "a", "command": "bash -l", "stage": "reflect"},
    {"name": "b"}
  ]
}
""")
    round_trip("POL", expected=["POL005"])
    assert (
        bench.policy.read_text()
        == """\
{
  "version": 2,
  "tmux": {"socket": "mine"},
  "agent_profiles": [
    {
      "name": "a-shell",
      "runner": "shell",
      "runner_options": {
        "command": "bash -l"
      }
    },
    {
      "name": "b-shell",
      "runner": "shell",
      "runner_options": {
        "command": "bash"
      }
    }
  ],
  "agents": [
    {"name": "a", "profile": "a-shell", "stage": "reflect"},
    {"name": "b", "profile": "b-shell"}
  ]
}
"""
    )
    assert bench.plan()[0].policy is not None


def test_a_policy_of_version_1_in_toml_keeps_its_comments(bench: Bench, round_trip: Callable[..., None]) -> None:
    bench.policy.unlink()
    path = bench.policy.with_suffix(".toml")
    path.write_text('# ours\nversion = 1\n\n[[agents]]  # first\nname = "a"\ncommand = "sh"  # why\n')
    round_trip("POL", expected=["POL005"])
    text = path.read_text()
    assert ("# ours" in text, "# first" in text, "# why" in text) == (True, True, True)
    assert tomllib.loads(text) == {
        "version": 2,
        "agents": [{"name": "a", "profile": "a-shell"}],
        "agent_profiles": [{"name": "a-shell", "runner": "shell", "runner_options": {"command": "sh"}}],
    }


def test_agents_with_a_command_of_their_own_are_converted_all_at_once(
    bench: Bench, round_trip: Callable[..., None]
) -> None:
    agents = [{"name": "a", "profile": "p"}, {"name": "b", "command": "sh"}, {"name": "c", "command": "zsh"}]
    bench.write({**POLICY, "agents": agents})
    round_trip("POL", expected=["POL005", "POL005"])
    assert [agent["profile"] for agent in json.loads(bench.policy.read_text())["agents"]] == [
        "p",
        "b-shell",
        "c-shell",
    ]


@pytest.mark.parametrize(
    "policy",
    [
        {"version": 3},
        {"version": 1, "agents": ["a"]},
        {"version": 1, "agents": {}},
        {**POLICY, "agents": [{"name": "a", "profile": "p", "command": "sh"}]},
    ],
)
def test_a_version_that_nobody_can_convert_is_not_said_to_be_fixable(bench: Bench, policy: Any) -> None:
    bench.write(policy)
    examined, planned = bench.plan("POL")
    assert [finding.code for finding in examined.report.findings][:1] == ["POL005"]
    assert (planned.repairs, planned.others >= 1) == ((), True)


def test_misspelt_keys_get_the_one_name_that_can_be_meant(bench: Bench, round_trip: Callable[..., None]) -> None:
    text = bench.write({**POLICY, "tmx": {"sokcet": "s"}, "orchestrator": {"runtime_profile": {"stages": {}}}})
    bench.write(text.replace('"stages": {}', '"stages": {"exceute": "shell"}').replace('"command"', '"comand"'))
    round_trip("POL003", expected=["POL003", "POL003", "POL003"])
    policy = json.loads(bench.policy.read_text())
    assert policy["tmux"] == {"sokcet": "s"}
    assert bench.apply("POL003")
    assert json.loads(bench.policy.read_text())["tmux"] == {"socket": "s"}


def test_a_key_that_could_be_two_others_or_is_there_already_is_left(bench: Bench) -> None:
    bench.write({**POLICY, "agnets": [], "tmux": {"session": "s"}})
    examined, planned = bench.plan("POL003")
    assert [finding.fixable for finding in examined.report.findings if finding.code == "POL003"] == [False, False]
    assert planned.fixes == ()


def test_two_misspellings_of_one_key_do_not_become_two_equal_keys(bench: Bench, states: States) -> None:
    bench.write({**POLICY, "tmx": {}, "tmuxx": {}})
    repairs = bench.apply("POL003")
    assert states(repairs) == [("POL003", "fixed"), ("POL003", "skipped")]
    assert "run it again" in str([repair.reason for repair in repairs])


def test_misspelt_keys_of_the_machine_are_repaired_with_their_comments(
    bench: Bench, round_trip: Callable[..., None]
) -> None:
    path = bench.settings('# mine\n[endpoints.attic]\nurll = "https://attic.example/v1"  # up there\n')
    round_trip("NPR001", expected=["NPR001"])
    assert path.read_text() == '# mine\n[endpoints.attic]\nurl = "https://attic.example/v1"  # up there\n'


def test_equal_keys_with_equal_values_are_kept_once(bench: Bench, round_trip: Callable[..., None]) -> None:
    text = bench.write(POLICY)
    bench.write(text.replace('"name": "p",', '"name": "p", "name": "p", "name": "p",'))
    round_trip("POL002", expected=["POL002", "POL002"])
    assert bench.policy.read_text() == text


def test_equal_keys_with_different_values_are_left_to_a_person(bench: Bench) -> None:
    text = bench.write(POLICY)
    bench.write(text.replace('"name": "p",', '"name": "p", "name": "q",'))
    examined, planned = bench.plan("POL002")
    assert next((each.code, each.fixable) for each in examined.report.findings) == ("POL002", False)
    assert planned.fixes == ()


CODEX = """case "$1" in --version) echo 'codex-cli 0.169.0' ;; login) exit 0 ;;
*) echo '--sandbox --skip-git-repo-check -m -c' ;; esac"""


@pytest.mark.parametrize(
    ("options", "code", "expected"),
    [
        (
            {"extra_args": ["-m", "gpt-5", "--full-auto"]},
            "HRN008",
            {"extra_args": ["-m", "gpt-5", "--sandbox", "workspace-write"]},
        ),
        (
            {"extra_args": ["--sandbox", "read-only", "--full-auto"]},
            "HRN008",
            {"extra_args": ["--sandbox", "read-only"]},
        ),
        ({"full_auto": True}, "HRN009", {"extra_args": ["--sandbox", "workspace-write"]}),
        (
            {"full_auto": True, "extra_args": ["-m", "gpt-5"]},
            "HRN009",
            {"extra_args": ["-m", "gpt-5", "--sandbox", "workspace-write"]},
        ),
    ],
)
def test_a_flag_that_the_installed_codex_does_not_have_is_written_as_what_took_its_place(
    bench: Bench, round_trip: Callable[..., None], options: Any, code: str, expected: Any
) -> None:
    bench.program("codex", CODEX)
    profile = {"name": "p", "runner": "codex", "base_prompt": "go", "runner_options": options}
    bench.write({**POLICY, "agent_profiles": [profile]})
    round_trip(code, expected=[code])
    assert json.loads(bench.policy.read_text())["agent_profiles"][0]["runner_options"] == expected


def test_a_codex_that_has_the_flag_keeps_it(bench: Bench) -> None:
    bench.program("codex", CODEX.replace("0.169.0", "0.100.0"))
    profile = {"name": "p", "runner": "codex", "base_prompt": "go", "runner_options": {"full_auto": True}}
    bench.write({**POLICY, "agent_profiles": [profile]})
    assert bench.plan("HRN")[1].fixes == ()


def shown(bench: Bench, *codes: str) -> str:
    planned = bench.plan(*codes)[1]
    return json.dumps(repairs_json(planned, planned.repairs, action="plan", identity=None, exit_code=ExitCode.OK))


def test_a_written_key_moves_into_a_file_that_only_its_owner_reads(
    bench: Bench, round_trip: Callable[..., None]
) -> None:
    path = bench.settings(f'# mine\n[endpoints.attic]\nurl = "https://x.example/v1"\napi_key = "{KEY}"  # old\n')
    assert KEY not in shown(bench)
    assert KEY not in repr(bench.plan()[1])
    round_trip("END005", expected=["END005"])
    assert path.read_text() == (
        '# mine\n[endpoints.attic]\nurl = "https://x.example/v1"\napi_key_file = "keys/attic.key"  # old\n'
    )
    file = path.parent / "keys" / "attic.key"
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == (f"{KEY}\n", 0o600)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert KEY not in str(applications(bench.paths, str(bench.project)))
    assert [finding.code for finding in bench.plan("END", "NPR")[0].report.findings] == []


def test_a_written_key_that_a_variable_holds_gives_way_to_its_name(
    bench: Bench, round_trip: Callable[..., None]
) -> None:
    bench.environment |= {"OTHER": "x", "COPY": KEY, "ATTIC_KEY": KEY}
    path = bench.settings(f'[endpoints.attic]\nurl = "https://x.example/v1"\ntoken = "{KEY}"\n')
    round_trip("END005", expected=["END005"])
    assert path.read_text() == '[endpoints.attic]\nurl = "https://x.example/v1"\napi_key_env = "ATTIC_KEY"\n'


def test_a_key_written_where_its_reference_belongs_moves_too(bench: Bench, round_trip: Callable[..., None]) -> None:
    secret = "sk-ant-" + "a1B2c3D4e5F6g7H8i9J0"
    path = bench.settings(f'[endpoints."at tic"]\nurl = "https://x.example/v1"\napi_key_env = "{secret}"\n')
    assert secret not in shown(bench)
    round_trip("END005", expected=["END005"])
    assert 'api_key_file = "keys/at-tic.key"' in path.read_text()


def test_a_key_in_a_named_profile_moves_as_well(bench: Bench, round_trip: Callable[..., None]) -> None:
    bench.settings("")
    path = bench.paths.profile_file("work")
    path.parent.mkdir(mode=0o700)
    path.write_text(f'[[llm_endpoints.endpoints]]\nname = "e"\nurl = "https://x.example/v1"\napi_key = "{KEY}"\n')
    path.chmod(0o600)
    bench.environment["DOCTOR_PROFILE"] = "work"
    round_trip("END005", expected=["END005"])
    assert 'api_key_file = "keys/e.key"' in path.read_text()


@pytest.mark.parametrize(
    "rest",
    [
        f'api_key = "{KEY}"\ntoken = "other-{KEY}"',
        f'api_key = "{KEY}"\napi_key_env = "NAME"',
        'headers = {x-team = "sk-ant-a1B2c3D4e5F6g7H8i9J0"}',
    ],
)
def test_a_key_beside_another_reference_is_left_to_a_person(bench: Bench, rest: str) -> None:
    bench.settings(f'[endpoints.attic]\nurl = "https://x.example/v1"\n{rest}\n')
    examined, planned = bench.plan("END005")
    assert {finding.fixable for finding in examined.report.findings if finding.code == "END005"} == {False}
    assert planned.fixes == ()


def test_a_file_that_is_there_under_the_name_of_a_key_is_never_written_to(bench: Bench, states: States) -> None:
    path = bench.settings(f'[endpoints.attic]\nurl = "https://x.example/v1"\napi_key = "{KEY}"\n')
    (path.parent / "keys").mkdir()
    (path.parent / "keys" / "attic.key").write_text("another")
    assert states(bench.apply("END005")) == [("END005", "fixed")]
    assert "keys/attic-2.key" in path.read_text()
    assert (path.parent / "keys" / "attic.key").read_text() == "another"


def test_a_variable_of_a_profile_is_left_to_the_environment_that_has_it(
    bench: Bench, round_trip: Callable[..., None]
) -> None:
    secret = "9f8a7b6c5d4e3f2a1b"
    profile = {
        "name": "p",
        "runner": "shell",
        "runner_options": {"command": "bash", "env": {"TEAM_TOKEN": secret, "A": "b"}},
    }
    bench.write({**POLICY, "agent_profiles": [profile]})
    assert bench.plan("SEC001")[1].fixes == ()
    bench.environment["TEAM_TOKEN"] = secret
    assert secret not in shown(bench)
    round_trip("SEC001", expected=["SEC001"])
    assert json.loads(bench.policy.read_text())["agent_profiles"][0]["runner_options"]["env"] == {"A": "b"}


def test_what_others_can_change_or_read_is_closed_to_them(bench: Bench, round_trip: Callable[..., None]) -> None:
    path = bench.settings('[endpoints.attic]\nurl = "https://x.example/v1"\napi_key_file = "k"\n')
    (path.parent / "k").write_text(KEY)
    for opened, mode in (
        (path, 0o666),
        (path.parent / "k", 0o644),
        (bench.policy.parent, 0o777),
        (bench.policy, 0o664),
    ):
        opened.chmod(mode)
    bench.policy.chmod(0o666)
    round_trip("SEC", "END002", expected=["END002", "SEC002", "SEC002", "SEC003"])
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent / "k", bench.policy.parent, bench.policy)]
    assert modes == [0o600, 0o600, 0o755, 0o644]


@pytest.fixture
def skill(bench: Bench) -> Any:
    """A skill of the user's that the policy names."""
    directory = bench.home / ".codex" / "skills" / "tidy"
    (directory / "scripts").mkdir(parents=True)
    (directory / "SKILL.md").write_text("---\nname: tidy\ndescription: tidy up\n---\n")
    (directory / "scripts" / "run").write_bytes(b"\x00\xffbinary")
    (directory / "scripts" / "run").chmod(0o755)
    (directory / ".env").write_text("SECRET=1")
    bench.program("codex", CODEX)
    profile = {"name": "p", "runner": "codex", "base_prompt": "go", "skills": ["tidy"]}
    bench.write({**POLICY, "agent_profiles": [profile]})
    return directory


def test_a_skill_of_the_user_is_copied_whole_into_the_project(
    bench: Bench, skill: Any, round_trip: Callable[..., None]
) -> None:
    round_trip("SKL", expected=["SKL005"])
    copy = bench.project / ".metawsm" / "skills" / "tidy"
    assert sorted(str(path.relative_to(copy)) for path in copy.rglob("*")) == ["SKILL.md", "scripts", "scripts/run"]
    assert (copy / "scripts" / "run").read_bytes() == b"\x00\xffbinary"
    assert stat.S_IMODE((copy / "scripts" / "run").stat().st_mode) == 0o755


def test_a_skill_with_a_link_out_of_it_or_too_many_files_is_not_copied(bench: Bench, skill: Any) -> None:
    (skill / "link").symlink_to("/etc/hostname")
    assert bench.plan("SKL")[1].fixes == ()
    (skill / "link").unlink()
    for number in range(501):
        (skill / f"f{number}").touch()
    assert bench.plan("SKL")[1].fixes == ()


def test_a_skill_is_not_copied_through_a_link_out_of_the_project(bench: Bench, skill: Any) -> None:
    (bench.root / "elsewhere").mkdir()
    (bench.project / ".metawsm" / "skills").symlink_to(bench.root / "elsewhere")
    assert bench.plan("SKL")[1].fixes == ()


@pytest.mark.parametrize("present", [None, "mine\r\n", "mine"])
def test_run_state_is_left_out_of_the_repository(
    bench: Bench, round_trip: Callable[..., None], present: str | None
) -> None:
    (bench.project / ".git").mkdir()
    (bench.project / ".metawsm" / "processes").mkdir()
    (bench.project / ".metawsm" / "metawsm.db-wal").touch()
    ignore = bench.project / ".metawsm" / ".gitignore"
    if present is not None:
        ignore.write_bytes(present.encode())
    round_trip("RUN", expected=["RUN001"])
    newline = "\r\n" if present and "\r" in present else "\n"
    begin = "" if present is None else present if present.endswith("\n") else f"{present}\n"
    assert ignore.read_bytes().decode() == f"{begin}processes/{newline}metawsm.db*{newline}"


@pytest.mark.parametrize("line", [".metawsm/processes", "/.metawsm/*", ".metawsm/", "processes/"])
def test_run_state_that_another_ignore_file_has_is_no_finding(bench: Bench, line: str) -> None:
    (bench.project / ".git").mkdir()
    (bench.project / ".metawsm" / "processes").mkdir()
    (bench.project / ".gitignore").write_text(f"# mine\n{line}\n")
    assert bench.plan("RUN")[0].report.findings == ()


@pytest.mark.parametrize("second", ["s", "t"])
def test_a_misspelt_key_that_stands_there_twice_is_first_kept_once(bench: Bench, states: States, second: str) -> None:
    bench.write(f'{{"version": 2, "tmx": {{"socket": "s"}}, "tmx": {{"socket": "{second}"}}}}')
    examined, planned = bench.plan("POL")
    assert {each.code for each in examined.report.findings if each.fixable} == ({"POL002"} if second == "s" else set())
    assert states(planned.repairs) == ([("POL002", "planned")] if second == "s" else [])


@pytest.mark.parametrize("path", [Path("/dev/null"), Path("/nothing-is-here")])
def test_the_mode_of_what_is_neither_file_nor_directory_is_left(path: Path) -> None:
    assert not can_change(path)


def test_the_mode_of_a_directory_that_is_shared_on_purpose_is_left(bench: Bench) -> None:
    bench.policy.parent.chmod(0o1777)
    examined, planned = bench.plan("SEC002")
    assert [(finding.code, finding.fixable) for finding in examined.report.findings] == [("SEC002", False)]
    assert planned.repairs == ()


def test_what_is_fixable_is_exactly_what_has_a_plan(bench: Bench, skill: Any) -> None:
    bench.settings(f'[endpoints.attic]\nurll = "https://x.example/v1"\napi_key = "{KEY}"\nkidn = "openai"\n')
    bench.write({**POLICY, "tmx": {}, "agnets": [], "zzz": 1})
    examined, _ = bench.plan()
    findings = examined.report.findings
    assert {each.fingerprint for each in findings if each.fixable} == set(plan_fixes(examined))
    assert len({each.code for each in findings if each.fixable}) >= 3
