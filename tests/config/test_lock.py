import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from doctor.config.lock import load_lock, lock_text
from doctor.model.lock import Lock, LockedPolicy, LockedProfile, LockedSkill, LockedStart

SHA = "0123456789abcdef" * 4
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12).filter(
    str.strip
)
starts = st.builds(
    LockedStart,
    stage=st.none() | st.just("execute"),
    profile=st.none() | texts,
    harness=st.none() | texts,
    model=st.none() | texts,
    prompt=st.none() | st.just(SHA),
)
locks = st.builds(
    Lock,
    version=st.just(1),
    policy=st.just(LockedPolicy(sha256=SHA)),
    profile=st.none() | st.builds(LockedProfile, name=texts, sha256=st.just(SHA)),
    harnesses=st.dictionaries(texts, texts, max_size=3),
    skills=st.dictionaries(
        texts,
        st.dictionaries(
            texts, st.builds(LockedSkill, source=st.just("repo"), sha256=st.just(SHA)), min_size=1, max_size=3
        ),
        max_size=2,
    ),
    agents=st.dictionaries(texts, starts, max_size=4),
    stages=st.dictionaries(texts, starts, max_size=4),
)


@given(locks)
def test_a_lock_is_read_as_it_was_written(lock: Lock) -> None:
    loaded = load_lock(Path("doctor.lock"), content=lock_text(lock).encode())
    assert loaded.problems == ()
    assert loaded.value == lock


@given(locks)
def test_the_text_does_not_depend_on_the_order_of_entries(lock: Lock) -> None:
    def turned(entries: object) -> dict[str, object]:
        return dict(reversed(list(dict(entries).items())))  # type: ignore[call-overload]

    other = Lock(
        version=lock.version,
        policy=lock.policy,
        profile=lock.profile,
        harnesses=turned(lock.harnesses),  # type: ignore[arg-type]
        skills=turned({name: turned(skills) for name, skills in lock.skills.items()}),  # type: ignore[arg-type]
        agents=turned(lock.agents),  # type: ignore[arg-type]
        stages=turned(lock.stages),  # type: ignore[arg-type]
    )
    assert lock_text(other) == lock_text(lock)


@given(locks)
def test_every_entry_stands_on_a_line_of_its_own(lock: Lock) -> None:
    lines = lock_text(lock).split("\n")
    count = len(lock.harnesses) + len(lock.agents) + len(lock.stages) + sum(map(len, lock.skills.values()))
    named = [line for line in lines if " = " in line and not line.startswith(("version =", "sha256 =", "name ="))]
    assert tomllib.loads(lock_text(lock))["version"] == 1
    assert len(named) >= count


def test_a_lock_of_a_later_version_is_not_read() -> None:
    text = f'version = 2\n[policy]\nsha256 = "{SHA}"\n'
    [problem] = load_lock(Path("doctor.lock"), content=text.encode()).problems
    assert (problem.rule, problem.location.line) == ("version", 1)
