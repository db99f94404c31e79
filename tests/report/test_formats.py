"""Built-in formats are offered like anyone else's."""

import pluggy

from doctor import hookspecs
from doctor.model.report import Report
from doctor.report import formats, json_format, plain, table


def test_the_hook_offers_every_built_in_format(report: Report) -> None:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(formats)
    (offered,) = manager.hook.doctor_register_formats()
    assert {name: render(report) for name, render in offered.items()} == {
        "table": table.render(report),
        "plain": plain.render(report),
        "json": json_format.render(report),
    }
