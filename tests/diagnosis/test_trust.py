"""Which project plugins are trusted."""

import json
import os
from hashlib import sha256
from pathlib import Path

import pytest

from doctor.diagnosis.trust import LARGEST, TrustStore, UntrustedPlugin, read_plugins, trust_plugins, untrust
from doctor.errors import UsageError


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path.resolve() / "project"
    (root / ".metawsm" / "checks").mkdir(parents=True)
    return root


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def write(project: Path, name: str, text: str = "") -> Path:
    path = project / ".metawsm" / "checks" / name
    path.write_text(text)
    return path


def test_plugin_files_are_read_once_in_name_order_with_their_hash(project: Path) -> None:
    second, first = write(project, "b.py", "x = 2"), write(project, "a.py", "x = 1")
    write(project, "notes.txt")

    files, refused = read_plugins(project)

    assert [(file.path, file.source) for file in files] == [(first, b"x = 1"), (second, b"x = 2")]
    assert files[0].sha256 == sha256(b"x = 1").hexdigest()
    assert refused == []


def test_a_project_without_plugins_has_none(tmp_path: Path) -> None:
    assert read_plugins(tmp_path) == ([], [])


def test_a_link_that_leads_out_of_the_directory_is_refused(project: Path, tmp_path: Path) -> None:
    (tmp_path / "evil.py").write_text("x = 1")
    link = project / ".metawsm" / "checks" / "a.py"
    link.symlink_to(tmp_path / "evil.py")

    assert read_plugins(project) == ([], [UntrustedPlugin(str(link), None, "outside")])


def test_a_directory_that_is_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "a.py").write_text("x = 1")
    (tmp_path / "project" / ".metawsm").mkdir(parents=True)
    (tmp_path / "project" / ".metawsm" / "checks").symlink_to(tmp_path / "elsewhere")

    files, refused = read_plugins(tmp_path / "project")

    assert files == []
    assert [plugin.reason for plugin in refused] == ["outside"]


def test_a_link_within_the_directory_is_the_file_it_leads_to(project: Path) -> None:
    target = write(project, "b.py", "x = 1")
    (project / ".metawsm" / "checks" / "a.py").symlink_to("b.py")

    files, refused = read_plugins(project)

    assert [file.path for file in files] == [target]
    assert refused == []


def test_what_is_no_regular_file_of_bearable_size_is_refused_without_waiting_for_it(project: Path) -> None:
    checks = project / ".metawsm" / "checks"
    os.mkfifo(checks / "a.py")
    (checks / "b.py").mkdir()
    write(project, "c.py", "#" * (LARGEST + 1))

    files, refused = read_plugins(project)

    assert files == []
    assert [(Path(plugin.path).name, plugin.reason) for plugin in refused] == [
        ("a.py", "unreadable"),
        ("b.py", "unreadable"),
        ("c.py", "unreadable"),
    ]


def test_trust_is_of_a_path_and_its_content(project: Path, state: Path) -> None:
    path = write(project, "a.py", "x = 1")

    (trusted,) = trust_plugins(project, state)

    store = TrustStore(state)
    assert store.verdict(trusted) == "trusted"
    assert store.is_trusted(path, sha256(b"x = 1").hexdigest())
    assert store.verdict(trusted._replace(source=b"x = 2")) == "changed"
    assert store.verdict(trusted._replace(path=path.with_name("b.py"))) == "new"


def test_nothing_is_trusted_before_it_is(project: Path, state: Path) -> None:
    assert TrustStore(state).trusted == {}
    assert not state.exists()


def test_the_record_is_for_its_owner_only(project: Path, state: Path) -> None:
    write(project, "a.py")

    trust_plugins(project, state)

    assert (state / "trusted-plugins.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in state.iterdir()] == ["trusted-plugins.json"]


def test_trusting_again_forgets_the_project_s_files_that_are_gone_and_keeps_other_projects(
    project: Path, state: Path, tmp_path: Path
) -> None:
    other = tmp_path.resolve() / "other"
    (other / ".metawsm" / "checks").mkdir(parents=True)
    kept = write(other, "k.py")
    gone, stays = write(project, "gone.py"), write(project, "stays.py")
    trust_plugins(other, state)
    trust_plugins(project, state)

    gone.unlink()
    trust_plugins(project, state)

    assert set(TrustStore(state).trusted) == {str(kept), str(stays)}


def test_untrusting_forgets_the_project_only(project: Path, state: Path, tmp_path: Path) -> None:
    other = tmp_path.resolve() / "other"
    (other / ".metawsm" / "checks").mkdir(parents=True)
    kept, path = write(other, "k.py"), write(project, "a.py")
    trust_plugins(other, state)
    trust_plugins(project, state)

    assert untrust(project, state) == [str(path)]
    assert set(TrustStore(state).trusted) == {str(kept)}
    assert untrust(project, state) == []


def test_a_project_with_a_file_that_cannot_be_trusted_is_refused_as_a_whole(
    project: Path, state: Path, tmp_path: Path
) -> None:
    write(project, "a.py")
    (project / ".metawsm" / "checks" / "b.py").symlink_to(tmp_path / "evil.py")

    with pytest.raises(UsageError, match=r"cannot be trusted: .*b\.py \(outside\)"):
        trust_plugins(project, state)
    assert not state.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"trusted": {}}',
        '{"schema_version": 2, "trusted": {}}',
        '{"schema_version": 1, "trusted": {"a": 1}}',
        "[" * 100_000,
        "\x00",
    ],
)
def test_a_record_that_is_none_is_refused_with_the_way_out(state: Path, text: str) -> None:
    state.mkdir()
    (state / "trusted-plugins.json").write_text(text)

    with pytest.raises(UsageError, match=r"trusted-plugins\.json") as caught:
        _ = TrustStore(state).trusted

    assert caught.value.remedy is not None
    assert "doctor trust" in caught.value.remedy


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_record_that_others_may_write_is_refused(state: Path, mode: int) -> None:
    state.mkdir()
    path = state / "trusted-plugins.json"
    path.write_text(json.dumps({"schema_version": 1, "trusted": {}}))
    path.chmod(mode)

    with pytest.raises(UsageError, match="may be written by others"):
        _ = TrustStore(state).trusted
