import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from doctor.harness.base import Harness, HarnessContext
from doctor.harness.probe import Prober, side_by_side
from doctor.harness.process import Completed
from doctor.harness.registry import Registry, builtin_harnesses
from doctor.model.harness import Auth, HarnessFact, Problem
from doctor.model.machine import HarnessSettings, Machine

MakeProgram = Callable[..., str]
MakeContext = Callable[..., HarnessContext]
Gone = Callable[[Path], bool]
NOW = 1_800_000_000.0


class Acme(Harness):
    id = "acme"
    title = "Acme"
    binaries = ("acme",)
    auth_args = ("auth", "status")
    auth_variables = ("ACME_KEY",)

    def auth_files(self, context: HarnessContext) -> tuple[Path, ...]:
        return (context.home / "acme.json",)

    def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
        if answer is None:
            return Auth.UNKNOWN, "not asked"
        return (Auth.YES, "it says so") if answer.returncode == 0 else (Auth.NO, "it denies it")


@pytest.fixture
def ask(machine: MakeContext, tmp_path: Path) -> Callable[..., Prober]:
    def make(
        harness: Harness | None = None,
        *,
        now: float = NOW,
        timeout: float | None = None,
        cached: bool = True,
        settings: Mapping[str, HarnessSettings] | None = None,
        **variables: str,
    ) -> Prober:
        return Prober(
            registry=Registry([harness] if harness else builtin_harnesses()),
            context=machine(**variables),
            machine=Machine(harness=settings or {}),
            cache_file=tmp_path / "cache" / "probes.json" if cached else None,
            timeout=timeout,
            clock=lambda: now,
        )

    return make


MakeProber = Callable[..., Prober]


def acme_of(prober: Prober) -> HarnessFact:
    fact = prober.harnesses()["acme"]
    prober.save()
    return fact


def counting(counter: Path, answers: str) -> str:
    return f'echo "$*" >> {counter}\ncase "$1" in\n{answers}\nesac'


def calls(counter: Path) -> list[str]:
    return counter.read_text().splitlines() if counter.exists() else []


ANSWERS = "--version) echo acme 1.2.3;; auth) exit 1;; --help) echo ' --model M';;"

MEASURED = {
    "codex": ("echo 'WARNING: no PATH aliases in 9.9.9' >&2; echo codex-cli 0.169.0", "0.169.0"),
    "claude": ("echo '2.1.197 (Claude Code)'", "2.1.197"),
    "opencode": ("echo 1.18.33", "1.18.33"),
    "gemini": ("echo 0.61.0", "0.61.0"),
    "hermes": ("printf 'Hermes Agent v0.19.0 (2026.7.20)\\nPython: 3.11.7\\nOpenAI SDK: 2.24.0\\n'", "0.19.0"),
    "omx": ("printf 'oh-my-codex v0.21.6\\nNode.js v20.20.2\\n'", "0.21.6"),
    "qwen": ("echo 0.15.10", "0.15.10"),
    "copilot": ("echo 'GitHub Copilot CLI 1.0.102.'; echo \"Run 'copilot update'.\"", "1.0.102"),
    "pi": ("echo 0.73.1 >&2", "0.73.1"),
    "amp": ("echo '0.0.1790142911-g7618fb (released 2026-09-23T05:55:11.000Z)'", "0.0.1790142911-g7618fb"),
    "aider": ("echo aider 0.86.2", "0.86.2"),
    "litellm": ("printf '\\nLiteLLM: Current Version = 1.106.2\\n\\n'", "1.106.2"),
}


def test_every_measured_answer_gives_its_version(program: MakeProgram, ask: MakeProber) -> None:
    for name, (script, _) in MEASURED.items():
        program(name, script)

    facts = {fact.program.path: fact.program for fact in ask().harnesses().values() if not fact.builtin}

    found = {Path(path).name: fact.version for path, fact in facts.items() if path}
    assert found == {name: version for name, (_, version) in MEASURED.items()}
    assert {fact.version_source for fact in facts.values() if fact.found} == {"probe"}


def test_all_harnesses_are_told_in_order_even_when_none_is_there(ask: MakeProber) -> None:
    facts = ask(PATH="/nowhere").harnesses()

    assert tuple(facts) == tuple(harness.id for harness in builtin_harnesses())
    assert [fact.runtime_id for fact in facts.values() if fact.found and not fact.builtin] == []
    assert facts["codex"].auth is Auth.UNKNOWN


def test_the_line_of_the_version_is_kept(program: MakeProgram, ask: MakeProber) -> None:
    program("codex", MEASURED["codex"][0])

    assert ask().harnesses()["codex"].program.version_text == "codex-cli 0.169.0"


@pytest.mark.parametrize(
    ("script", "problem", "words"),
    [
        ("echo 1.2.3; echo wants Node 22 >&2; exit 4", Problem.FAILED, 'exit code 4: "wants Node 22"'),
        ("kill -9 $$", Problem.FAILED, "ended by signal 9"),
        ("echo hello", Problem.NO_VERSION, 'printed no version: "hello"'),
        ("printf '\\033[1mno\\377\\n'", Problem.NO_VERSION, 'printed no version: "[1mno'),
        ("exit 0", Problem.NO_VERSION, "printed no version"),
    ],
)
def test_an_answer_without_a_version_is_a_problem_with_its_words(
    program: MakeProgram, ask: MakeProber, script: str, problem: Problem, words: str
) -> None:
    program("acme", script)

    fact = acme_of(ask(Acme())).program

    assert (fact.found, fact.version, fact.problem) == (True, None, problem)
    assert words in (fact.problem_detail or "")


def test_a_program_that_cannot_be_started_is_a_problem(ask: MakeProber, bin_directory: Path) -> None:
    (bin_directory / "acme").write_text("echo 1.2.3")
    (bin_directory / "acme").chmod(0o755)

    fact = acme_of(ask(Acme()))

    assert fact.program.problem is Problem.FAILED
    assert "exec format error" in (fact.program.problem_detail or "")
    assert (fact.auth, fact.auth_detail) == (Auth.UNKNOWN, "`acme auth status`: exec format error")


def test_a_hang_is_a_timeout_that_leaves_nothing_behind(
    program: MakeProgram, ask: MakeProber, tmp_path: Path, gone: Gone
) -> None:
    pid = tmp_path / "pid"
    program("acme", f'[ "$1" = auth ] || echo $$ > {pid}; sleep 600')

    fact = acme_of(ask(Acme(), timeout=0.5))

    assert fact.program.problem is Problem.TIMEOUT
    assert "no answer within 0.5 s" in (fact.program.problem_detail or "")
    assert (fact.auth, fact.auth_detail) == (Auth.UNKNOWN, "`acme auth status`: no answer within 0.5 s")
    assert gone(pid)


def test_a_second_run_asks_nothing(program: MakeProgram, ask: MakeProber, tmp_path: Path) -> None:
    program("acme", counting(tmp_path / "calls", ANSWERS))
    first = acme_of(ask(Acme()))
    asked = sorted(calls(tmp_path / "calls"))

    second = acme_of(ask(Acme()))

    assert asked == ["--version", "auth status"]
    assert sorted(calls(tmp_path / "calls")) == asked
    assert (first.program.version_source, second.program.version_source) == ("probe", "cache")
    assert second.program.version == first.program.version == "1.2.3"
    assert second.program.version_text == "acme 1.2.3"
    assert (second.auth, second.auth_detail) == (first.auth, first.auth_detail) == (Auth.NO, "it denies it")


def test_one_prober_asks_only_once(program: MakeProgram, ask: MakeProber, tmp_path: Path) -> None:
    program("acme", counting(tmp_path / "calls", ANSWERS))
    prober = ask(Acme(), cached=False)

    assert prober.harnesses() is prober.harnesses()
    assert prober.help("acme") == prober.help("acme") == frozenset({"--model"})
    assert sorted(calls(tmp_path / "calls")) == ["--help", "--version", "auth status"]


def test_without_a_cache_every_run_asks(program: MakeProgram, ask: MakeProber, tmp_path: Path) -> None:
    program("acme", counting(tmp_path / "calls", ANSWERS))
    for _ in range(2):
        acme_of(ask(Acme(), cached=False))

    assert calls(tmp_path / "calls").count("--version") == 2
    assert not (tmp_path / "cache").exists()


def test_a_replaced_program_is_asked_again(program: MakeProgram, ask: MakeProber) -> None:
    program("acme", ANSWERS.join(('case "$1" in ', " esac")))
    acme_of(ask(Acme()))
    program("acme", "echo acme 2.0.0")

    assert acme_of(ask(Acme())).program.version == "2.0.0"


def test_old_answers_are_asked_again(program: MakeProgram, ask: MakeProber, tmp_path: Path) -> None:
    program("acme", counting(tmp_path / "calls", ANSWERS))
    acme_of(ask(Acme()))

    acme_of(ask(Acme(), now=NOW + 2 * 3600))
    after_hours = calls(tmp_path / "calls")
    acme_of(ask(Acme(), now=NOW + 25 * 3600))

    assert after_hours.count("auth status") == 2
    assert after_hours.count("--version") == 1
    assert calls(tmp_path / "calls").count("--version") == 2


def test_credentials_that_change_are_asked_about_again(program: MakeProgram, ask: MakeProber, tmp_path: Path) -> None:
    program("acme", counting(tmp_path / "calls", ANSWERS))
    acme_of(ask(Acme()))
    acme_of(ask(Acme(), ACME_KEY="one"))
    acme_of(ask(Acme(), ACME_KEY="another"))
    present = calls(tmp_path / "calls").count("auth status")
    (tmp_path / "home" / "acme.json").write_text("{}")
    acme_of(ask(Acme()))

    assert present == 2
    assert calls(tmp_path / "calls").count("auth status") == 3


def test_a_program_that_touches_its_own_files_when_asked_is_still_cached(
    program: MakeProgram, ask: MakeProber, tmp_path: Path
) -> None:
    touching = ANSWERS.replace("exit 1", f"date +%N > {tmp_path}/home/acme.json; exit 1")
    program("acme", counting(tmp_path / "calls", touching))
    acme_of(ask(Acme()))
    acme_of(ask(Acme()))

    assert calls(tmp_path / "calls").count("auth status") == 1


def test_neither_hangs_nor_failures_are_cached(program: MakeProgram, ask: MakeProber, tmp_path: Path) -> None:
    program("acme", f"echo x >> {tmp_path}/calls; [ -e {tmp_path}/well ] || sleep 600; echo 1.2.3")
    first = acme_of(ask(Acme(), timeout=0.3))
    (tmp_path / "well").touch()

    assert first.program.problem is Problem.TIMEOUT
    assert acme_of(ask(Acme())).program.version == "1.2.3"


def test_the_cache_holds_no_raw_output_and_no_values(program: MakeProgram, ask: MakeProber, tmp_path: Path) -> None:
    program("acme", 'case "$1" in --version) echo 1.2.3; echo sk-one;; *) echo sk-two;; esac')
    acme_of(ask(Acme(), ACME_KEY="sk-three"))

    assert "sk-" not in (tmp_path / "cache" / "probes.json").read_text()


@pytest.mark.parametrize("entry", [{"version": 7, "text": None}, {"auth": "maybe"}, {"flags": "x"}])
def test_a_cache_of_strange_values_does_no_harm(
    program: MakeProgram, ask: MakeProber, tmp_path: Path, entry: dict[str, object]
) -> None:
    program("acme", ANSWERS.join(('case "$1" in ', " esac")))
    prober = ask(Acme())
    prober.help("acme")
    acme_of(prober)
    path = tmp_path / "cache" / "probes.json"
    data = json.loads(path.read_text())
    data["entries"] = {key: {**entry, "at": NOW} for key in data["entries"]}
    path.write_text(json.dumps(data))

    again = ask(Acme())
    fact = again.harnesses()["acme"]

    assert (fact.program.version, fact.program.version_source, fact.auth) == ("1.2.3", "probe", Auth.NO)
    assert again.help("acme") == frozenset({"--model"})


def test_probes_run_side_by_side(program: MakeProgram, ask: MakeProber, tmp_path: Path) -> None:
    meet = "touch {0}/{1}; while [ ! -e {0}/{2} ]; do sleep 0.02; done; echo 1.2.3"
    program("codex", meet.format(tmp_path, "one", "two"))
    program("opencode", meet.format(tmp_path, "two", "one"))

    facts = ask(timeout=60.0).harnesses()

    assert facts["codex"].program.version == facts["opencode"].program.version == "1.2.3"


def test_version_and_login_of_one_harness_are_asked_side_by_side(
    program: MakeProgram, ask: MakeProber, tmp_path: Path
) -> None:
    wait = "touch {0}/{1}; while [ ! -e {0}/{2} ]; do sleep 0.02; done"
    version, auth = wait.format(tmp_path, "v", "a"), wait.format(tmp_path, "a", "v")
    program("acme", f'case "$1" in --version) {version}; echo 1.2.3;; *) {auth};; esac')

    fact = acme_of(ask(Acme(), timeout=60.0))

    assert (fact.program.version, fact.auth) == ("1.2.3", Auth.YES)


def test_an_adapter_that_fails_over_an_answer_hides_no_other(program: MakeProgram, ask: MakeProber) -> None:
    class Broken(Acme):
        def auth(self, context: HarnessContext, answer: Completed | None) -> tuple[Auth, str]:
            raise KeyError("secret")

    program("acme", "echo 1.2.3")

    fact = acme_of(ask(Broken()))

    assert fact.program.version == "1.2.3"
    assert (fact.auth, fact.auth_detail) == (Auth.UNKNOWN, "its adapter failed over the answer (KeyError)")


def test_where_files_tell_the_program_is_not_asked(program: MakeProgram, ask: MakeProber, tmp_path: Path) -> None:
    class Settled(Acme):
        def asks(self, context: HarnessContext) -> bool:
            return False

    program("acme", counting(tmp_path / "calls", ANSWERS))

    assert acme_of(ask(Settled())).auth_detail == "not asked"
    assert calls(tmp_path / "calls") == ["--version"]


def test_the_machines_setting_is_found_under_an_alias(program: MakeProgram, ask: MakeProber, tmp_path: Path) -> None:
    path = program("claude", "echo 2.1.197", folder=tmp_path / "elsewhere")

    facts = ask(settings={"claude": HarnessSettings(path=path)}).harnesses()

    assert facts["claude_code"].program.path == path


def test_a_tool_is_asked_with_its_own_arguments(program: MakeProgram, ask: MakeProber) -> None:
    program("tmux", '[ "$1" = -V ] && echo tmux 3.3a')

    fact = ask().tool("tmux", args=("-V",))

    assert (fact.version, fact.version_text) == ("3.3a", "tmux 3.3a")
    assert not ask().tool("no-such-tool").found


def test_help_joins_all_calls_and_is_cached(program: MakeProgram, ask: MakeProber, tmp_path: Path) -> None:
    class Nested(Acme):
        help_args = (("--help",), ("exec", "--help"))

    program("acme", counting(tmp_path / "calls", "exec) echo ' --json';; *) echo ' --model M';;"))
    first = ask(Nested())
    assert first.help("acme") == frozenset({"--model", "--json"})
    assert first.help("acme", ("exec", "--help")) == frozenset({"--json"})
    first.save()

    assert ask(Nested()).help("acme") == frozenset({"--model", "--json"})
    assert sorted(calls(tmp_path / "calls")) == ["--help", "exec --help"]


def test_help_that_is_not_whole_is_no_answer(program: MakeProgram, ask: MakeProber) -> None:
    class Nested(Acme):
        help_args = (("--help",), ("exec", "--help"))

    program("acme", 'case "$1" in exec) sleep 600;; *) echo " --model M";; esac')

    assert ask(Nested(), timeout=0.3).help("acme") is None


def test_a_program_that_hung_over_its_version_is_not_asked_for_help(
    program: MakeProgram, ask: MakeProber, tmp_path: Path
) -> None:
    program("acme", counting(tmp_path / "calls", "--version) sleep 600;; --help) echo ' --model M';;"))
    prober = ask(Acme(), timeout=0.3)
    acme_of(prober)

    assert prober.help("acme") is None
    assert "--help" not in calls(tmp_path / "calls")


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs /proc to find processes by their mark")
@pytest.mark.parametrize(
    "question", [Prober.harnesses, lambda prober: prober.tool("acme"), lambda prober: prober.help("acme")]
)
def test_a_daemon_that_a_program_left_behind_is_ended(
    program: MakeProgram, ask: MakeProber, tmp_path: Path, gone: Gone, question: Callable[[Prober], object]
) -> None:
    pid = tmp_path / "pid"
    daemon = f"setsid sh -c 'echo $$ > {pid}; exec sleep 600' >/dev/null 2>&1 &"
    program("acme", f"{daemon} while [ ! -s {pid} ]; do :; done; echo 1.2.3 --model")

    question(ask(type("Quiet", (Acme,), {"auth_args": None})()))

    assert gone(pid)


def test_what_is_absent_or_unheard_of_has_no_help(ask: MakeProber) -> None:
    assert ask(Acme()).help("acme") is None
    assert ask(Acme()).help("unheard-of") is None


def test_a_slow_python_program_is_read_from_its_installation(
    program: MakeProgram, ask: MakeProber, tmp_path: Path
) -> None:
    venv = tmp_path / "venv"
    program("litellm", f"touch {tmp_path}/ran", folder=venv / "bin")
    (venv / "pyvenv.cfg").touch()
    (venv / "lib/python3.11/site-packages/litellm-1.106.2.dist-info").mkdir(parents=True)
    (tmp_path / "bin" / "litellm").symlink_to(venv / "bin" / "litellm")

    fact = ask().harnesses()["litellm"].program

    assert (fact.version, fact.version_source) == ("1.106.2", "metadata")
    assert not (tmp_path / "ran").exists()


def test_tasks_that_fail_fail_the_wait_after_the_others_ended() -> None:
    done: list[str] = []

    def fail() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        side_by_side([fail, lambda: done.append("other")], 1)

    assert done == ["other"]


def test_no_more_than_the_allowed_number_run_at_once() -> None:
    lock, running, most = threading.Lock(), 0, 0

    def task() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1

    side_by_side([task] * 12, 3)

    assert 1 <= most <= 3


def test_an_interrupted_wait_ends_the_programs(
    program: MakeProgram,
    ask: MakeProber,
    tmp_path: Path,
    written: Callable[[Path], None],
    gone: Gone,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pid = tmp_path / "pid"
    program("acme", f'[ "$1" = --version ] && echo $$ > {pid}; exec sleep 600')

    class Interrupted(threading.Thread):
        def join(self, timeout: float | None = None) -> None:
            written(pid)
            raise KeyboardInterrupt

    monkeypatch.setattr("doctor.harness.probe.threading.Thread", Interrupted)

    with pytest.raises(KeyboardInterrupt):
        ask(Acme()).harnesses()

    assert gone(pid)
