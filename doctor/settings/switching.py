"""Which profiles there are, and switching between them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from doctor.config.machine import load_machine
from doctor.diagnosis.facts import profile_file
from doctor.errors import UsageError
from doctor.model.options import Options
from doctor.settings.bench import Bench
from doctor.settings.difference import effective_changes
from doctor.settings.effective import hidden, values_of
from doctor.settings.layers import read_layers
from doctor.settings.problems import first_of, refuse
from doctor.settings.results import ProfileEntry, Used, Value
from doctor.settings.selection import deselect, select, selected
from doctor.settings.starters import starter_content, starter_names


def profile_list(options: Options) -> tuple[ProfileEntry, ...]:
    """This machine's profiles by name, then the starters that were not used yet; changes nothing."""
    return tuple(_entries(Bench(options)))


def _entries(bench: Bench) -> Iterator[ProfileEntry]:
    choice, names = bench.active(), bench.store.names()
    active = choice.name
    if active is not None and active not in names:
        yield ProfileEntry(
            name=active,
            kind="user",
            active=True,
            description="",
            path=str(choice.path) if choice.path else None,
            ok=False,
            problem=first_of(choice.problems),
        )
    for name in names:
        loaded = bench.store.peek(name)
        yield ProfileEntry(
            name=name,
            kind="user",
            active=name == active,
            description=loaded.value.description if loaded.value else "",
            path=str(bench.store.path(name)),
            ok=not loaded.problems,
            problem=first_of(loaded.problems),
        )
    for name in starter_names():
        if name not in names:
            loaded = bench.store.parse(name, starter_content(name) or b"")
            yield ProfileEntry(
                name=name,
                kind="starter",
                active=False,
                description=loaded.value.description if loaded.value else "",
                path=None,
                ok=not loaded.problems,
                problem=first_of(loaded.problems),
            )


def use(options: Options, name: str | None, *, project: bool = False, reload: bool = True) -> Used:
    """Make a profile the active one, or none; the active one is read again.

    Args:
        options: Say which machine and project; a profile that they name is not looked at.
        name: A profile or a starter, which is written to this machine then; ``None`` clears the choice.
        project: Choose for this project instead of for this machine.
        reload: Tell the running processes of this tool.

    Raises:
        UsageError: There is no such profile, there is something wrong with it, it cannot be written, or there is no
            project to choose it for. The choice is what it was then.
    """
    options = replace(options, profile=None)
    layers = read_layers(options, strict=False)
    before = values_of(layers)
    bench = Bench(options, layers.around)
    if project and not bench.in_project:
        raise UsageError(
            f"{bench.root} is no project: it has neither a policy nor a repository around it",
            remedy="change to a project, or leave --project out",
        )
    with bench.store.locked():
        if name is not None:
            name = bench.settle(name)
            _refuse_unusable(options, bench, name)
        previous = selected(bench.root) if project else bench.store.pointer()
        if not project:
            bench.store.point_to(name)
        elif name is None:
            deselect(bench.root)
        else:
            select(bench.root, name, bench.store.load(name))
    after = values_of(layers.with_profile(bench.active()))
    return Used(
        previous=previous,
        active=name,
        changes=effective_changes(before, after),
        shadowed=(*_stronger(after, name, project=project), *(each for each in hidden(after) if each.key != "profile")),
        daemons=bench.tell(reload=reload),
        scope="project" if project else "machine",
    )


def _stronger(after: Iterable[Value], name: str | None, *, project: bool) -> Iterator[Value]:
    """What is stronger than the choice just made, and chose another profile."""
    kinds = {"flag", "env"} if project else {"flag", "env", "project"}
    for each in after:
        if each.key == "profile" and each.source.kind in kinds and each.value != (name or ""):
            yield each


def _refuse_unusable(options: Options, bench: Bench, name: str) -> None:
    """Refuse what a diagnosis would refuse, an endpoint that is nowhere included."""
    around = bench.around
    machine = load_machine(around.paths.machine_file, runners=around.runners)
    chosen = profile_file(replace(options, profile=name), around.paths, around.registry, machine, around.project)
    refuse(chosen.problems)
