"""Serve by hand: ``python tests/coordinator [--port N | --fd N] [--directory PATH] [--settings JSON]``."""

import argparse
import json
import socket
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import uvicorn

from tests.coordinator.app import build
from tests.coordinator.server import configured, listening
from tests.coordinator.settings import Settings


def main() -> None:
    """Print the address on one line and serve."""
    parser = argparse.ArgumentParser(prog="coordinator")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--fd", type=int, help="a socket that listens already")
    parser.add_argument("--directory", type=Path, help="keep runs and the history here")
    parser.add_argument("--settings", type=json.loads, default={}, help="see tests/coordinator/settings.py")
    given = parser.parse_args()
    found = socket.socket(fileno=given.fd) if given.fd is not None else listening(given.port)
    sys.stdout.write(f"http://127.0.0.1:{found.getsockname()[1]}\n")
    sys.stdout.flush()
    uvicorn.Server(configured(build(Settings.from_json(given.settings), given.directory))).run([found])


if __name__ == "__main__":
    main()
