"""The options of the commands that hold a project to what was agreed, as data."""

from doctor.cli import options
from doctor.cli.options import Option

FORCE = Option(("--force",), "write it although there are errors")
REPORT_FORMAT = Option(("--format",), "what the file is (default: markdown)", choices=("markdown", "json"))
ATTESTATION_FORMAT = Option(("--format",), "how to print it; there is only one way", choices=("json",))
ATTESTATION_FILE = Option(
    ("--output",), "write it to FILE instead of to stdout", metavar="FILE", dest="file", candidates="files"
)

LOOKING = (
    options.POLICY,
    options.PROFILE,
    *options.SELECTION,
    options.ONLINE,
    *options.DIAGNOSING,
)
"""What a diagnosis takes whose report is not printed."""
