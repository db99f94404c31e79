"""``python -m doctor.nex``."""

import sys

from doctor.nex.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
