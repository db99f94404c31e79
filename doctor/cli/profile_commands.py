"""The commands about named profiles, as data."""

from types import NoneType

from doctor.cli import settings_options as own
from doctor.cli.command import Argument, Command, Group
from doctor.cli.settings_options import SHOWING, WRITTEN

_NAME = Argument("name", "a named profile", candidates="profiles")
_ANY_NAME = Argument("name", "a profile or a starter", candidates="starters")

PROFILE_LIST = Command(
    name="profile list",
    module="profile_looking",
    function="list_profiles",
    summary="list the named profiles, and which one is active",
    description="Lists this machine's named profiles and the starters that were not used yet. Changes nothing.",
    examples=(
        ("doctor profile list", "all of them"),
        ("doctor profile list --format json", "for programs"),
    ),
    options=SHOWING,
    answer=(("active", NoneType), ("profiles", list)),
)
PROFILE_SHOW = Command(
    name="profile show",
    module="profile_looking",
    function="show",
    summary="show the values of a profile, or those in effect",
    description=(
        "Without a name it shows every value in effect with the file and line that it comes from, and what it hides.\n"
        "With a name it shows what that profile says. Changes nothing."
    ),
    examples=(
        ("doctor profile show", "what is in effect, and why"),
        ("doctor profile show codex", "what one profile says"),
    ),
    options=SHOWING,
    arguments=(Argument("name", "a profile or a starter", nargs="?", candidates="starters"),),
    answer=(("name", NoneType), ("values", list)),
)
PROFILE_USE = Command(
    name="profile use",
    module="profile_changing",
    function="use",
    summary="switch to a profile; everything that runs follows",
    description=(
        "Makes a profile the active one, and says which values change, which of its values something stronger hides,\n"
        "and which running processes of this tool have taken it over. Agents that were launched keep what they were\n"
        "launched with. Using the active one again reads it again. A starter is written to this machine by its first\n"
        "use."
    ),
    examples=(
        ("doctor profile use codex", "for this machine"),
        ("doctor profile use claude --project", "for this project only"),
        ("doctor profile use --clear", "use none any more"),
    ),
    options=(own.CLEAR, own.PROJECT, own.NO_RELOAD, *SHOWING),
    arguments=(Argument("name", "a profile or a starter", nargs="?", candidates="starters"),),
    answer=(
        ("previous", NoneType),
        ("active", NoneType),
        ("changes", list),
        ("shadowed", list),
        ("daemons", list),
    ),
)
PROFILE_CREATE = Command(
    name="profile create",
    module="profile_changing",
    function="create",
    summary="make a profile",
    description="Makes a profile, empty or as a copy. It is valid or not made at all, and it does not become active.",
    examples=(
        ("doctor profile create attic -m nex:mistral-small-24b -e http://127.0.0.1:9400/v1", "with a model server"),
        ("doctor profile create mine --from codex", "a copy, with its comments"),
    ),
    options=(own.MODEL, own.URL, own.FROM, own.DESCRIPTION, own.REPLACE, *SHOWING),
    arguments=(Argument("name", "what it is to be called"),),
    answer=WRITTEN,
)
PROFILE_EDIT = Command(
    name="profile edit",
    module="profile_changing",
    function="edit",
    summary="edit a profile's file",
    description=(
        "Opens a copy of a profile in $VISUAL or $EDITOR, which may have arguments. The copy takes the place of the\n"
        "profile only if it is valid and nobody else has changed the profile meanwhile."
    ),
    examples=(("doctor profile edit codex", "edit it"),),
    options=SHOWING,
    arguments=(_ANY_NAME,),
    answer=WRITTEN,
)
PROFILE_DELETE = Command(
    name="profile delete",
    module="profile_changing",
    function="delete",
    summary="delete a profile",
    description="Deletes a profile. The active one is deleted only with --force, and then none is active.",
    examples=(("doctor profile delete attic", "one that is not active"),),
    options=(own.DELETE_ACTIVE, *SHOWING),
    arguments=(_NAME,),
    answer=WRITTEN,
)
PROFILE_RENAME = Command(
    name="profile rename",
    module="profile_changing",
    function="rename",
    summary="give a profile another name",
    description="Gives a profile another name, which must be free. The active one stays active.",
    examples=(("doctor profile rename attic cellar", "attic is called cellar from now on"),),
    options=SHOWING,
    arguments=(_NAME, Argument("new_name", "what it is to be called")),
    answer=WRITTEN,
)
PROFILE_DIFF = Command(
    name="profile diff",
    module="profile_looking",
    function="diff",
    summary="compare two profiles in what they mean",
    description=(
        "Compares what two profiles mean, not their lines. With one name it says what that profile changes compared\n"
        "with no profile. Changes nothing; exit code 0 whether they differ or not."
    ),
    examples=(
        ("doctor profile diff claude codex", "what another profile changes"),
        ("doctor profile diff codex --format json", "what it changes at all, for programs"),
    ),
    options=SHOWING,
    arguments=(
        Argument("a", "a profile or a starter", candidates="starters"),
        Argument("b", "another one", nargs="?", candidates="starters"),
    ),
    answer=(("a", NoneType), ("b", NoneType), ("changes", list)),
)
PROFILE_SET_MODEL = Command(
    name="profile set-model",
    module="profile_changing",
    function="set_model",
    summary="give a role, tier or stage another model",
    description="Writes one model into a profile; the rest of the file stays as it is, comments too.",
    examples=(("doctor profile set-model codex evaluator claude:haiku", "Claude judges what Codex did"),),
    options=SHOWING,
    arguments=(
        _ANY_NAME,
        Argument("role", "a role, tier or stage, such as agent, evaluator, fast or reflect", candidates="roles"),
        Argument("model", "PREFIX:MODEL, such as codex:gpt-5.5"),
    ),
    answer=WRITTEN,
)
PROFILE_STARTERS = Command(
    name="profile init-starters",
    module="profile_changing",
    function="init_starters",
    summary="write the starters to this machine",
    description="Writes every starter that is not there yet. None becomes active, and nothing is overwritten.",
    examples=(("doctor profile init-starters", "write them"),),
    options=SHOWING,
    answer=(("profiles", list),),
)
PROFILE_IMPORT = Command(
    name="profile import",
    module="profile_changing",
    function="import_profiles",
    summary="take over profiles of another tool",
    description=(
        "Takes over profiles and settings that other tools have: a directory of profiles, one of them, a config.toml,\n"
        "an executor profile or a policy. What has no meaning here is named, secrets are not copied, and nothing is\n"
        "overwritten. Exit code 1 where a file could not be taken over; the others are."
    ),
    examples=(("doctor profile import ~/.wg/profiles", "a whole directory"),),
    endings=((1, "a file could not be taken over; the others are"),),
    options=SHOWING,
    arguments=(Argument("path", "a file or a directory", candidates="files"),),
    answer=(("profiles", list), ("notes", list)),
)
PROFILE = Group(
    name="profile",
    summary="models and endpoints that are switched together",
    description="A named profile is a bundle of models and endpoints of this machine that is switched as a whole.",
    commands=(
        PROFILE_LIST,
        PROFILE_SHOW,
        PROFILE_USE,
        PROFILE_CREATE,
        PROFILE_EDIT,
        PROFILE_DELETE,
        PROFILE_RENAME,
        PROFILE_DIFF,
        PROFILE_SET_MODEL,
        PROFILE_STARTERS,
        PROFILE_IMPORT,
    ),
)
