"""``python -m doctor.runner.executors HARNESS``."""

import sys

from doctor.runner.executors.run import main

sys.exit(main(sys.argv[1:]))
