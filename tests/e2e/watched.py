"""A ``doctor watch`` that runs, and every report that it printed so far."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.bench import PATIENCE, Bench


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One that runs."""

    bench: Bench
    process: "subprocess.Popen[bytes]"
    output: Path

    @property
    def pid(self) -> int:
        """Its process."""
        return self.process.pid

    @property
    def reports(self) -> list[dict[str, Any]]:
        """Every report so far, a line that is still being written left out."""
        lines = self.output.read_text(encoding="utf-8").split("\n")[:-1]
        return [json.loads(line) for line in lines]

    def shows(self, condition: Callable[[dict[str, Any]], object], what: str) -> dict[str, Any]:
        """The last report, once that is one for which ``condition`` holds."""
        self.bench.until(lambda: (found := self.reports) and condition(found[-1]), f"the watch to show {what}")
        return self.reports[-1]

    def shows_model(self, model: str | None) -> dict[str, Any]:
        """The last report, once workers have this model in it."""
        return self.shows(lambda report: models_of(report).get("execute", "") == model, f"the model {model}")


def models_of(report: dict[str, Any]) -> dict[str, str | None]:
    """The model of every stage."""
    return {row["stage"]: row["model"] for row in report["stages"]}


@contextmanager
def watching(bench: Bench, project: Path | None = None) -> Iterator[Watched]:
    """Watch a project, the bench's unless said otherwise, once the first report is there; ended afterwards."""
    output = bench.root / f"watch-{len(list(bench.root.glob('watch-*')))}"
    with output.open("wb") as stdout:
        process = subprocess.Popen(
            [*bench.argv, "watch", "--format", "json"],
            cwd=project or bench.project,
            env=bench.environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.DEVNULL,
        )
    watched = Watched(bench=bench, process=process, output=output)
    try:
        bench.until(lambda: watched.reports, "the first report")
        yield watched
    finally:
        process.kill()
        process.wait(PATIENCE)
