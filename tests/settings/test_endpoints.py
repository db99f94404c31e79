"""Endpoints are listed, set and removed, and the rest of the file stays."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doctor.config.paths import Paths
from doctor.errors import UsageError
from doctor.model.options import Options
from doctor.settings.endpoints import endpoint_list, endpoint_set, endpoint_unset
from doctor.settings.results import Change, Daemon, EndpointEntry, Source

FILE = """\
# this machine

[endpoints.box]  # under the desk
url = "http://127.0.0.1:8088"
api_key_env = "BOX_KEY"   # from the vault
default = true

[harness.codex]
path = "/opt/codex"
"""


@pytest.fixture
def machine_file(paths: Paths) -> Path:
    return paths.machine_file


@pytest.fixture
def written(machine_file: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        machine_file.parent.mkdir(parents=True, exist_ok=True)
        machine_file.write_text(text)
        return machine_file

    return write


def activate(machine_file: Path, text: str) -> Path:
    profile = machine_file.parent / "profiles" / "work.toml"
    profile.parent.mkdir(parents=True)
    profile.write_text(text)
    (machine_file.parent / "active-profile").write_text("work\n")
    return profile


def test_a_new_endpoint_is_written_for_its_owner_only_and_told_leaf_by_leaf(
    options: Options, machine_file: Path
) -> None:
    result = endpoint_set(options, "box", "http://127.0.0.1:8088/v1", key_env="BOX_KEY", default=True)
    assert machine_file.read_text() == (
        '[endpoints.box]\nurl = "http://127.0.0.1:8088/v1"\nkind = "openai"\napi_key_env = "BOX_KEY"\ndefault = true\n'
    )
    assert machine_file.stat().st_mode & 0o777 == 0o600
    assert (result.name, result.path, result.daemons) == ("box", str(machine_file), ())
    assert result.changes == (
        Change(key="endpoints.box.url", before=None, after="http://127.0.0.1:8088/v1"),
        Change(key="endpoints.box.kind", before=None, after="openai"),
        Change(key="endpoints.box.api_key_env", before=None, after="BOX_KEY"),
        Change(key="endpoints.box.default", before=None, after="true"),
    )


def test_a_change_keeps_comments_order_and_what_was_not_said(options: Options, written: Any) -> None:
    path = written(FILE)
    result = endpoint_set(options, "box", "http://127.0.0.1:9000")
    assert path.read_text() == FILE.replace("8088", "9000")
    change = Change(key="endpoints.box.url", before="http://127.0.0.1:8088", after="http://127.0.0.1:9000")
    assert result.changes == (change,)


def test_a_second_endpoint_comes_after_the_rest_and_takes_the_default(options: Options, written: Any) -> None:
    path = written(FILE)
    endpoint_set(options, "cloud", "https://models.example", kind="anthropic", default=True)
    assert path.read_text() == FILE.replace("default = true\n", "") + (
        '\n[endpoints.cloud]\nurl = "https://models.example"\nkind = "anthropic"\ndefault = true\n'
    )


def test_endpoints_that_stand_on_one_line_stay_there(options: Options, written: Any) -> None:
    path = written('endpoints = { box = { url = "http://127.0.0.1:1" } }  # short\n')
    endpoint_set(options, "cloud", "https://models.example")
    endpoint_set(options, "box", "http://127.0.0.1:2")
    assert path.read_text().count("\n") == 1
    assert path.read_text().endswith("  # short\n")
    assert [(each.name, each.url) for each in endpoint_list(options)] == [
        ("box", "http://127.0.0.1:2"),
        ("cloud", "https://models.example"),
    ]


def test_running_processes_are_told_of_a_change_unless_that_is_not_wanted(
    options: Options, written: Any, machine_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(FILE)
    activate(machine_file, "[agent]\nmodel = 'nex:m'\n")
    answered = (Daemon(pid=1, ok=True, error=None, values={}),)
    told: list[str | None] = []

    def notify_all(_: Paths, profile: str | None) -> tuple[Daemon, ...]:
        told.append(profile)
        return answered

    monkeypatch.setattr("doctor.control.client.notify_all", notify_all)
    assert endpoint_set(options, "cloud", "https://models.example").daemons == answered
    assert endpoint_unset(options, "cloud").daemons == answered
    assert endpoint_set(options, "cloud", "https://models.example", reload=False).daemons == ()
    assert endpoint_unset(options, "cloud", reload=False).daemons == ()
    assert told == ["work", "work"]


def test_setting_what_is_there_changes_nothing(options: Options, written: Any) -> None:
    path = written(FILE)
    before = path.stat()
    assert endpoint_set(options, "box", "http://127.0.0.1:8088").changes == ()
    assert path.stat().st_ino == before.st_ino


def test_a_key_in_the_file_gives_way_to_a_reference_and_is_never_told(options: Options, written: Any) -> None:
    path = written('[endpoints.box]\nurl = "https://models.example"\napi_key = "hunter2-hunter2"  # secret\n')
    with pytest.raises(UsageError) as refused:
        endpoint_set(options, "box", "https://models.example")
    assert "hunter2" not in f"{refused.value} {refused.value.remedy}"
    result = endpoint_set(options, "box", "https://models.example", key_env="BOX_KEY")
    assert path.read_text() == '[endpoints.box]\nurl = "https://models.example"\napi_key_env = "BOX_KEY"\n'
    assert result.changes == (
        Change(key="endpoints.box.api_key_env", before=None, after="BOX_KEY"),
        Change(key="endpoints.box.api_key", before="[redacted]", after=None),
    )


def test_another_reference_to_the_key_gives_way(options: Options, written: Any) -> None:
    path = written('[endpoints.box]\nurl = "https://models.example"\napi_key_command = ["pass", "show", "box"]\n')
    assert endpoint_set(options, "box", "https://models.example", key_env="K").changes == (
        Change(key="endpoints.box.api_key_env", before=None, after="K"),
        Change(key="endpoints.box.api_key_command", before="pass", after=None),
    )
    assert "pass" not in path.read_text()


@pytest.mark.parametrize(
    ("name", "url", "given", "words"),
    [
        ("../x", "https://models.example", {}, "endpoint name"),
        ("a/b", "https://models.example", {}, "endpoint name"),
        ("a\0b", "https://models.example", {}, "endpoint name"),
        ("x" * 300, "https://models.example", {}, "endpoint name"),
        ("box", "ftp://models.example", {}, "no http or https URL"),
        ("box", "https://me:hunter2@models.example", {}, "holds a user name or a password"),
        ("box", "https://models.example/v1/chat/completions", {}, "names one call"),
        ("box", "https://models.example/v1", {"kind": "anthropic"}, "ends in /v1"),
        ("box", "https://models.example/with space", {}, "white space"),
        ("box", "https://models.example", {"kind": "grpc"}, "no kind of endpoint"),
        ("box", "https://models.example", {"key_env": "sk-ant-hunter2-hunter2"}, "the name of a variable"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    name: str, url: str, given: dict[str, Any], words: str, options: Options, machine_file: Path
) -> None:
    with pytest.raises(UsageError) as refused:
        endpoint_set(options, name, url, **given)
    text = f"{refused.value} {refused.value.remedy}"
    assert words in text
    assert "hunter2" not in text
    assert not machine_file.exists()


@pytest.mark.parametrize("text", ["[endpoints\n", "nonsense = 1\n", '[endpoints.other]\nurl = "no url"\n'])
def test_a_file_that_is_wrong_is_not_made_worse(text: str, options: Options, written: Any) -> None:
    path = written(text)
    with pytest.raises(UsageError, match=str(path)):
        endpoint_set(options, "box", "https://models.example")
    assert path.read_text() == text


def test_a_link_to_the_file_is_followed_and_its_mode_kept(options: Options, machine_file: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text(FILE)
    real.chmod(0o640)
    machine_file.parent.mkdir(parents=True)
    machine_file.symlink_to(real)
    endpoint_set(options, "box", "http://127.0.0.1:9000")
    assert machine_file.is_symlink()
    assert "9000" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640


def test_endpoints_that_are_set_at_the_same_time_are_all_there(options: Options, machine_file: Path) -> None:
    threads = [
        threading.Thread(target=endpoint_set, args=(options, f"box{index}", f"http://127.0.0.1:{9000 + index}"))
        for index in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.name for each in endpoint_list(options)] == [f"box{index}" for index in range(8)]


def test_an_endpoint_is_removed_and_the_rest_stays(options: Options, written: Any) -> None:
    path = written(FILE + '\n[endpoints.cloud]\nurl = "https://models.example"\n')
    result = endpoint_unset(options, "cloud")
    assert path.read_text().rstrip() == FILE.rstrip()
    assert result.changes == (Change(key="endpoints.cloud.url", before="https://models.example", after=None),)


def test_the_last_endpoint_can_be_removed(options: Options, written: Any) -> None:
    path = written('[endpoints.box]\nurl = "https://models.example"\n')
    endpoint_unset(options, "box")
    assert path.read_text().strip() == ""
    assert endpoint_list(options) == ()


def test_removing_what_is_not_there_names_the_nearest(options: Options, written: Any) -> None:
    written(FILE)
    with pytest.raises(UsageError, match='there is no endpoint "bxo"') as refused:
        endpoint_unset(options, "bxo")
    assert 'did you mean "box"?' in str(refused.value.remedy)


def test_an_endpoint_that_the_active_profile_names_stays(options: Options, written: Any, machine_file: Path) -> None:
    written(FILE)
    activate(machine_file, '[models.default]\nmodel = "nex:m"\nendpoint = "box"\n')
    with pytest.raises(UsageError, match=r"models\.default\.endpoint"):
        endpoint_unset(options, "box")
    assert machine_file.read_text() == FILE


def test_the_list_says_where_each_is_written_and_what_is_wrong_with_it(
    options: Options, written: Any, machine_file: Path
) -> None:
    written(FILE)
    profile = activate(
        machine_file,
        '[[llm_endpoints.endpoints]]\nname = "box"\nurl = "https://x.example/models"\nkind = "openai"\n'
        '\n[[llm_endpoints.endpoints]]\nname = "other"\nurl = "https://other.example"\n',
    )
    hidden, told = 'the profile "work" has another of this name', "env:BOX_KEY: the variable is not set"
    assert endpoint_list(options) == (
        EndpointEntry(
            name="box",
            url="https://x.example/models",
            kind="openai",
            key=None,
            default=False,
            source=Source(kind="profile", path=str(profile), line=1),
            ok=False,
            problem="the URL names one call, /models; the base of all calls is expected",
        ),
        EndpointEntry(
            name="box",
            url="http://127.0.0.1:8088",
            kind="openai",
            key="env:BOX_KEY",
            default=True,
            source=Source(kind="machine", path=str(machine_file), line=3),
            ok=False,
            problem=f"{told}; {hidden}",
        ),
        EndpointEntry(
            name="other",
            url="https://other.example",
            kind="openai",
            key=None,
            default=False,
            source=Source(kind="profile", path=str(profile), line=6),
            ok=True,
        ),
    )


def test_a_machine_without_settings_has_no_endpoints(options: Options) -> None:
    assert endpoint_list(options) == ()


def test_settings_that_cannot_be_read_are_told_with_their_place(options: Options, written: Any) -> None:
    path = written("nonsense = 1\n")
    with pytest.raises(UsageError, match=f"{path}:1:1: nonsense"):
        endpoint_list(options)
