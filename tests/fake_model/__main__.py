"""Serve by hand, until interrupted: ``python tests/fake_model [--port N] [--reply TEXT] [--require-key KEY]``."""

import argparse
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fake_model import directives
from tests.fake_model.server import FakeModel


def main() -> None:
    """Print the address on one line and serve."""
    parser = argparse.ArgumentParser(
        prog="fake_model", epilog=directives.__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--reply", default=directives.DEFAULT_REPLY, help="its answer without a directive")
    parser.add_argument("--require-key", help="answer 401 to whoever does not bring this key")
    given = parser.parse_args()
    with FakeModel(port=given.port, reply=given.reply, require_key=given.require_key) as model:
        sys.stdout.write(f"{model.url}\n")
        sys.stdout.flush()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
