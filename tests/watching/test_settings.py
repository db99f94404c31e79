import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from doctor.errors import UsageError
from doctor.model.options import Options
from doctor.watching import settings
from doctor.watching.settings import Settings, SharedReading


class Reader:
    """Stands in for reading: counts, and can be held up."""

    def __init__(self) -> None:
        self.count = 0
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, options: Options) -> Settings:
        self.count += 1
        count = self.count
        self.begun.set()
        assert self.go_on.wait(60)
        return Settings(profile=str(count), values={})


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    instead = Reader()
    monkeypatch.setattr(settings, "read_settings", instead)
    return instead


def test_each_question_after_an_answer_reads_again(reader: Reader) -> None:
    reader.go_on.set()
    shared = SharedReading(Options())
    assert [shared.read().profile for _ in range(3)] == ["1", "2", "3"]


def test_a_question_during_a_reading_gets_what_is_read_after_it(reader: Reader) -> None:
    shared = SharedReading(Options())
    with ThreadPoolExecutor(21) as pool:
        first = pool.submit(shared.read)
        assert reader.begun.wait(60)
        asked = threading.Barrier(21)

        def ask() -> str | None:
            asked.wait(60)
            return shared.read().profile

        others = [pool.submit(ask) for _ in range(20)]
        asked.wait(60)
        reader.go_on.set()
        assert first.result().profile == "1"
        assert {other.result() for other in others}.isdisjoint({"1", None})


def test_a_failure_is_raised_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(options: Options) -> Settings:
        raise UsageError("it is broken", remedy="repair it")

    shared = SharedReading(Options())
    monkeypatch.setattr(settings, "read_settings", fail)
    with pytest.raises(UsageError) as caught:
        shared.read()
    assert (caught.value.message, caught.value.remedy) == ("it is broken", "repair it")
    whole = Settings(profile=None, values={})
    monkeypatch.setattr(settings, "read_settings", lambda options: whole)
    assert shared.read() == whole
