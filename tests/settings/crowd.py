"""Many at once switch between two profiles: ``crowd.py HOME PROJECT CALLS``; starts when it is given a line."""

import sys
from pathlib import Path
from threading import Thread

from doctor.model.options import Options
from doctor.settings.verbs import use


def main() -> None:
    """Switch, in as many threads as calls are wanted, and say what each one answered."""
    home, project, calls = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    options = Options(cwd=project, home=home, environment={"HOME": str(home)}, autoload=False)
    answers: list[str | None] = []

    def switch(name: str) -> None:
        answers.append(use(options, name).active)

    threads = [Thread(target=switch, args=(("fast", "slow")[number % 2],)) for number in range(calls)]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.stdout.write(f"{len([answer for answer in answers if answer is not None])}\n")


if __name__ == "__main__":
    main()
