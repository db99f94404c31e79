"""SEC: secrets, permissions, trust."""

from pathlib import Path
from typing import Any

import pytest

import doctor
from checks import security as family
from doctor.diagnosis.trust import UntrustedPlugin
from doctor.model.policy import Forum, ForumRedis, GitPr, Operator, OperatorLlm
from doctor.testing import run_check

SECRET = "sk-proj-abcdEFGH1234567890abcd"
NO_PROFILE: dict[str, Any] = {"named_profile": None, "profile_file": doctor.ActiveProfile(), "environment": {}}


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"prompt": f"Use {SECRET} to call."}, "base_prompt"),
        ({"command": f"KEY={SECRET} make"}, "runner_options.command"),
        ({"extra_args": ("-x", f"--api-key={SECRET}")}, "runner_options.extra_args[1]"),
        ({"env": {"A/B": SECRET}}, "runner_options.env.A/B"),
    ],
)
def test_a_secret_in_a_profile_is_told_by_place_and_kind_and_never_printed(
    changes: dict[str, Any], path: str, profile: Any, policy_of: Any, told: Any, says: Any
) -> None:
    policy = policy_of(profile("clean"), profile("p", **changes))
    outcome = run_check(family.SEC001, policy=policy, **NO_PROFILE)
    pointer = "/agent_profiles/1/" + path.replace("A/B", "A~1B").replace("[", "/").replace("]", "").replace(".", "/")
    assert told(outcome) == [("error", f"agent_profiles[1].{path}", pointer, ("profile:p",))]
    assert says(outcome.findings[0], path, "an API key that starts with sk-", "revoke it")
    assert SECRET not in str(outcome)


@pytest.mark.parametrize(
    ("policy", "subject"),
    [
        (doctor.Policy(git_pr=GitPr(test_commands=("make", f"T={SECRET} make"))), "git_pr.test_commands[1]"),
        (doctor.Policy(operator=Operator(llm=OperatorLlm(command=f"ask {SECRET}"))), "operator.llm.command"),
        (doctor.Policy(forum=Forum(redis=ForumRedis(url="redis://me:hunter2x@db:1/0"))), "forum.redis.url"),
    ],
)
def test_secrets_outside_of_profiles_are_told_too(policy: doctor.Policy, subject: str, told: Any) -> None:
    outcome = run_check(family.SEC001, policy=policy, **NO_PROFILE)
    assert [(severity, named, affects) for severity, named, _, affects in told(outcome)] == [("error", subject, ())]
    assert not {SECRET, "hunter2x"} & set(str(outcome).replace("'", " ").split())


def test_what_only_looks_random_is_a_warning(profile: Any, policy_of: Any, told: Any) -> None:
    policy = policy_of(profile(env={"SERVICE_TOKEN": "9f8a7b6c5d4e3f2a1b"}))
    outcome = run_check(family.SEC001, policy=policy, **NO_PROFILE)
    assert [severity for severity, *_ in told(outcome)] == ["warning"]


def test_a_secret_in_the_active_profile_is_told_in_its_own_file(loaded: Any, told: Any) -> None:
    named = doctor.NamedProfile(env={"KEY": SECRET})
    active = doctor.ActiveProfile(name="fast", source="flag", loaded=loaded(named, f'[env]\nKEY = "{SECRET}"\n'))
    outcome = run_check(family.SEC001, policy=doctor.Policy(), named_profile=named, profile_file=active, environment={})
    assert told(outcome) == [("error", "profile fast env.KEY", "/env/KEY", ("*",))]
    assert outcome.findings[0].location is not None
    assert outcome.findings[0].location.line == 2
    assert SECRET not in str(outcome)


def test_a_policy_without_secrets_passes(profile: Any, policy_of: Any) -> None:
    policy = policy_of(profile(env={"API_KEY_FILE": "/run/secrets/key-2026", "RETRIES": "3"}, extra_args=("--fast",)))
    assert run_check(family.SEC001, policy=policy, **NO_PROFILE).status == "passed"


@pytest.fixture
def project(tmp_path: Path) -> doctor.Project:
    directory = tmp_path / ".metawsm"
    directory.mkdir(mode=0o755)
    directory.chmod(0o755)
    (directory / "executors").mkdir(mode=0o755)
    policy = directory / "policy.json"
    policy.write_text("{}")
    policy.chmod(0o644)
    return doctor.Project(root=tmp_path, cwd=tmp_path, home=tmp_path, policy_path=policy)


@pytest.mark.parametrize(
    ("name", "mode"), [(".metawsm", 0o775), (".metawsm/policy.json", 0o666), (".metawsm/executors", 0o777)]
)
def test_what_others_may_change_in_the_project_is_told(
    name: str, mode: int, project: doctor.Project, told: Any, says: Any
) -> None:
    assert run_check(family.SEC002, project=project).status == "passed"
    path = project.root / name
    path.chmod(mode)
    outcome = run_check(family.SEC002, project=project)
    assert told(outcome) == [("warning", str(path), None, ())]
    assert says(outcome.findings[0], f"mode {mode:o}", f"chmod go-w {path}")


def test_a_project_without_a_policy_passes(tmp_path: Path) -> None:
    project = doctor.Project(root=tmp_path, cwd=tmp_path, home=tmp_path)
    assert run_check(family.SEC002, project=project).status == "passed"


@pytest.mark.parametrize(
    ("directory", "file", "expected"),
    [
        (0o700, 0o600, []),
        (0o700, 0o644, []),
        (0o755, 0o666, [("warning", "machine.toml")]),
        (0o777, 0o600, [("warning", "config")]),
    ],
)
def test_who_else_may_change_or_read_the_machine_s_settings(
    directory: int, file: int, expected: list[tuple[str, str]], paths: doctor.Paths, told: Any
) -> None:
    paths.config_dir.mkdir()
    paths.machine_file.write_text("")
    paths.machine_file.chmod(file)
    paths.config_dir.chmod(directory)
    outcome = run_check(family.SEC003, paths=paths)
    assert [(severity, Path(subject).name) for severity, subject, *_ in told(outcome)] == expected


@pytest.mark.parametrize(("home", "expected"), [(0o755, ["info"]), (0o700, [])])
def test_settings_that_others_can_read_are_reported_where_others_can_get_at_them(
    home: int, expected: list[str], paths: doctor.Paths, monkeypatch: pytest.MonkeyPatch, told: Any
) -> None:
    modes = {paths.config_dir.parent: home, paths.machine_file: 0o644}
    monkeypatch.setattr(family, "_mode", lambda path: modes.get(path, 0o755))
    outcome = run_check(family.SEC003, paths=paths)
    assert [severity for severity, *_ in told(outcome)] == expected
    assert all("chmod go-rwx" in str(each.remedy) for each in outcome.findings)


def test_a_machine_without_settings_passes(paths: doctor.Paths) -> None:
    assert run_check(family.SEC003, paths=paths).status == "passed"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("new", ("never trusted", "doctor trust")),
        ("changed", ("changed since", "doctor trust")),
        ("outside", ("leads out of", "doctor trust")),
        ("unreadable", ("no readable file", "remove it")),
    ],
)
def test_an_untrusted_plugin_is_reported_with_the_next_step(
    reason: str, words: tuple[str, ...], told: Any, says: Any
) -> None:
    plugin = UntrustedPlugin("/p/.metawsm/checks/x.py", None, reason)
    outcome = run_check(family.SEC004, untrusted_plugins=(plugin,))
    assert told(outcome) == [("info", "/p/.metawsm/checks/x.py", None, ())]
    assert says(outcome.findings[0], *words)


def test_a_project_without_plugins_is_not_reported() -> None:
    assert run_check(family.SEC004, untrusted_plugins=()).findings == ()
