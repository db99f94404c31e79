"""What the commands about named profiles do.

Each change is made as a whole or not at all, and then told to every running process of this tool.
"""

from dataclasses import fields
from typing import Any

from doctor.config.machine import load_named_profile
from doctor.config.names import nearest
from doctor.config.words import listed, quoted
from doctor.errors import UsageError
from doctor.model.machine import NamedProfile, Roles, Tiers
from doctor.model.options import Options
from doctor.model.stage import Stage
from doctor.settings.bench import Bench
from doctor.settings.editing import Keys, edited
from doctor.settings.editor import Copy, RunEditor, editor_of
from doctor.settings.leaves import changes, leaves
from doctor.settings.problems import refuse
from doctor.settings.results import Written
from doctor.settings.selection import deselect, select, selected
from doctor.settings.starters import starter_content, starter_names
from doctor.settings.store import ABSENT
from doctor.settings.switching import profile_list, use

__all__ = [
    "MODEL_KEYS",
    "create",
    "delete",
    "edit",
    "init_starters",
    "profile_list",
    "rename",
    "set_model",
    "use",
]

MODEL_KEYS: dict[str, Keys] = {
    "agent": ("agent", "model"),
    "dispatcher": ("dispatcher", "model"),
    **{role.name: ("models", role.name, "model") for role in fields(Roles)},
    **{tier.name: ("tiers", tier.name) for tier in fields(Tiers)},
    **{stage.value: ("stages", stage.value, "model") for stage in Stage},
}
"""What ``set_model`` can give a model: workers, the dispatcher, roles, tiers and stages, with the key of each."""


def create(
    options: Options,
    name: str,
    *,
    model: str | None = None,
    endpoint_url: str | None = None,
    source: str | None = None,
    description: str | None = None,
    force: bool = False,
    reload: bool = True,
) -> Written:
    """Make a profile; it does not become active.

    Args:
        options: Say which machine.
        name: Its name.
        model: Model spec of workers and the dispatcher.
        endpoint_url: The only endpoint it brings along.
        source: A profile or starter that it is a copy of, with its comments; ``None``: it starts empty.
        description: One line for lists.
        force: Replace one that is there.
        reload: Tell the running processes of this tool.

    Raises:
        UsageError: It would not be valid, it is there already, or it cannot be written.
    """
    bench = Bench(options)
    path = bench.store.path(name)
    values: dict[Keys, Any] = {}
    if description is not None:
        values["description",] = description
    if model is not None:
        values |= {("agent", "model"): model, ("dispatcher", "model"): model}
    if endpoint_url is not None:
        values["llm_endpoints",] = {"endpoints": [{"name": "default", "url": endpoint_url, "is_default": True}]}
    with bench.store.locked():
        before = bench.store.peek(name).value if bench.store.has(name) else None
        content = bench.content(source) if source is not None else b""
        content = edited(content, values, what=f"a copy of {source}" if source else str(path))
        bench.store.write(name, content, expected=None if force else ABSENT)
    return _written(bench, name, before, bench.store.parse(name, content).value, reload=reload)


def edit(options: Options, name: str, run_editor: RunEditor, *, reload: bool = True) -> Written:
    """Have a person edit a profile, or a starter that was not used yet.

    Args:
        options: Say which machine; the editor is that of ``VISUAL`` or ``EDITOR``.
        name: Of the profile.
        run_editor: Runs an argument list to its end.
        reload: Tell the running processes of this tool.

    Raises:
        UsageError: The editor failed, what it left is not valid, or the profile was changed meanwhile. The profile is
            untouched then, and what was written is kept elsewhere.
    """
    bench = Bench(options)
    found = bench.known(name)
    argv = editor_of(options.environment)
    before = bench.content(found)
    expected = before if bench.store.has(found) else ABSENT
    copy = Copy(f"{found}.toml", before)
    content = copy.edit(argv, run_editor)
    if content is None:
        return Written(name=found, path=str(bench.store.path(found)))
    with copy.kept_on_failure():
        refuse(load_named_profile(copy.path, runners=bench.around.runners, content=content).problems)
        bench.store.write(found, content, expected=expected)
    values = [bench.store.parse(found, each).value for each in (before, content)]
    return _written(bench, found, *values, reload=reload)


def delete(options: Options, name: str, *, force: bool = False, reload: bool = True) -> Written:
    """Delete a profile.

    Args:
        options: Say which machine and project.
        name: Of the profile.
        force: Delete it even where it is active on this machine or in this project, whose choice is cleared first.
        reload: Tell the running processes of this tool.

    Raises:
        UsageError: There is none, it is active, or it cannot be removed.
    """
    bench = Bench(options)
    with bench.store.locked():
        if not bench.store.has(name):
            bench.store.path(name)
            raise bench.store.unknown(name)
        chosen = selected(bench.root) == name
        if not force and (chosen or bench.store.pointer() == name):
            where = "in this project" if chosen else "on this machine"
            raise UsageError(
                f"the profile {quoted(name)} is active {where}",
                remedy="use another one first (doctor profile use NAME), or say --force to use none",
            )
        before = bench.store.peek(name).value
        if chosen:
            deselect(bench.root)
        bench.store.remove(name)
    return _written(bench, name, before, None, reload=reload)


def rename(options: Options, name: str, new_name: str, *, reload: bool = True) -> Written:
    """Give a profile another name; this machine's and this project's choice follow.

    Raises:
        UsageError: There is none or it is not valid, the new name is taken, or it cannot be written.
    """
    bench = Bench(options)

    def follow() -> None:
        if selected(bench.root) == name:
            select(bench.root, new_name, bench.store.load(new_name))

    with bench.store.locked():
        bench.store.rename(name, new_name, meanwhile=follow)
    return Written(name=new_name, path=str(bench.store.path(new_name)), daemons=bench.tell(reload=reload))


def set_model(options: Options, name: str, role: str, model: str, *, reload: bool = True) -> Written:
    """Give a role, a tier or a stage of a profile another model; comments stay.

    Args:
        options: Say which machine.
        name: A profile or a starter, which is written to this machine then.
        role: One of ``MODEL_KEYS``.
        model: Model spec.
        reload: Tell the running processes of this tool.

    Raises:
        UsageError: One of the three is wrong, or it cannot be written.
    """
    keys = MODEL_KEYS.get(role)
    if keys is None:
        near = nearest(role, MODEL_KEYS)
        every = f"roles: {listed(MODEL_KEYS)}"
        remedy = f"did you mean {quoted(near)}? ({every})" if near else every
        raise UsageError(f"there is no role {quoted(role)}", remedy=remedy)
    bench = Bench(options)
    with bench.store.locked():
        found = bench.known(name)
        before = bench.content(found)
        content = edited(before, {keys: model}, what=str(bench.store.path(found)))
        bench.store.write(found, content, expected=before if bench.store.has(found) else ABSENT)
    values = [bench.store.parse(found, each).value for each in (before, content)]
    return _written(bench, found, *values, reload=reload)


def init_starters(options: Options) -> tuple[Written, ...]:
    """Write the starters that are not there yet; none is used by that. What was written is answered.

    Raises:
        UsageError: One cannot be written.
    """
    bench = Bench(options)
    written = []
    with bench.store.locked():
        for name in starter_names():
            if not bench.store.has(name):
                path = bench.store.write(name, starter_content(name) or b"", expected=ABSENT)
                written.append(Written(name=name, path=str(path)))
    return tuple(written)


def _written(
    bench: Bench, name: str, before: NamedProfile | None, after: NamedProfile | None, *, reload: bool
) -> Written:
    return Written(
        name=name,
        path=str(bench.store.path(name)),
        changes=changes(leaves(before), leaves(after)),
        daemons=bench.tell(reload=reload),
    )
