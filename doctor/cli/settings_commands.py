"""The commands about endpoints, about setting up, and watching, as data."""

from types import NoneType

from doctor.cli import options
from doctor.cli import settings_options as own
from doctor.cli.command import DIAGNOSED, Argument, Command, Group
from doctor.cli.settings_options import SHOWING, WRITTEN

_ENDPOINT = Argument("name", "an endpoint", candidates="endpoints")

ENDPOINT_LIST = Command(
    name="endpoint list",
    module="endpoint_command",
    function="list_endpoints",
    summary="list the model servers",
    description="Lists this machine's endpoints, those of the active profile too. Asks none of them.",
    examples=(("doctor endpoint list", "all of them"),),
    options=SHOWING,
    answer=(("endpoints", list),),
)
ENDPOINT_SET = Command(
    name="endpoint set",
    module="endpoint_command",
    function="set_endpoint",
    summary="add or change a model server",
    description="Writes an endpoint to machine.toml; comments stay. A key is never written, only where it is found.",
    examples=(
        ("doctor endpoint set attic http://127.0.0.1:8088/v1 --default", "one on this machine, without a key"),
        ("doctor endpoint set gateway https://llm.example/v1 --key-env GATEWAY_KEY", "its key is in a variable"),
    ),
    options=(own.KIND, own.KEY_ENV, own.DEFAULT, *SHOWING),
    arguments=(_ENDPOINT, Argument("url", "http or https URL")),
    answer=WRITTEN,
)
ENDPOINT_UNSET = Command(
    name="endpoint unset",
    module="endpoint_command",
    function="unset_endpoint",
    summary="remove a model server",
    description="Removes an endpoint from machine.toml; comments stay.",
    examples=(("doctor endpoint unset attic", "remove it"),),
    options=SHOWING,
    arguments=(_ENDPOINT,),
    answer=WRITTEN,
)
ENDPOINT_TEST = Command(
    name="endpoint test",
    module="endpoint_command",
    function="ask_endpoints",
    summary="ask model servers whether they answer",
    description=(
        "Asks endpoints which models they have, with their keys: whether they can be reached, take the key and have\n"
        "the model. Exit code 1 where one of them does not."
    ),
    examples=(
        ("doctor endpoint test", "all of them"),
        ("doctor endpoint test attic --deep", "one, and have it answer"),
    ),
    endings=(
        (0, "all are well"),
        (1, "one of them is not"),
    ),
    options=(own.DEEP, *SHOWING),
    arguments=(Argument("name", "an endpoint", nargs="?", candidates="endpoints"),),
    answer=(("endpoints", list),),
)
ENDPOINT = Group(
    name="endpoint",
    summary="model servers of this machine",
    description="An endpoint is a model server: a URL, and a reference to where its key is.",
    commands=(ENDPOINT_LIST, ENDPOINT_SET, ENDPOINT_UNSET, ENDPOINT_TEST),
)

INIT = Command(
    name="init",
    module="init_command",
    summary="set up this project and this machine",
    description=(
        "Writes a policy, its skills and a profile for what is found on this machine, after showing what. What is\n"
        "there already is left as it is."
    ),
    examples=(
        ("doctor init --dry-run", "show what would be written"),
        ("doctor init --route codex", "write it, with Codex to run agents"),
    ),
    options=(own.ROUTE, options.DRY_RUN, *SHOWING),
    answer=(("route", NoneType), ("files", list)),
)
WATCH = Command(
    name="watch",
    module="watch_command",
    summary="check, and check again when something changes",
    description=(
        "Checks, and checks again whenever the policy, the active profile, the machine's settings, a skill, a harness\n"
        "or the baseline or lock in use changes, until it is interrupted. With --format json every check is one line.\n"
        "Without the extra `watch` it looks for changes every 2 seconds."
    ),
    examples=(
        ("doctor watch", "keep the table in view"),
        ("doctor watch --once", "one check, like doctor"),
        ("doctor watch --locked", "and everything that is not as it was agreed to"),
    ),
    endings=(*DIAGNOSED, (130, "interrupted, which is how it ends without --once")),
    options=(
        own.ONCE,
        options.POLICY,
        options.FORMAT,
        options.FAIL_ON,
        options.BASELINE,
        options.LOCKED,
        options.PROFILE,
        options.RUNTIME,
        options.STAGE,
        *options.SELECTION,
        options.ONLINE,
        *options.DIAGNOSING,
    ),
)
