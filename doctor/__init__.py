"""Find what is wrong with the policies of AI coding agents before anything starts.

``doctor.diagnose()`` returns the report that every output format renders. The names in ``__all__`` are the public
API; they are imported when first used, so that ``import doctor`` itself costs next to nothing.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from doctor._api import *  # noqa: F403


def __getattr__(name: str) -> Any:
    """Import the public API when one of its names is first used."""
    if name.startswith("__") and name not in {"__all__", "__version__"}:
        raise AttributeError(f"module 'doctor' has no attribute {name!r}")
    import importlib  # noqa: PLC0415 - only needed here

    api = importlib.import_module("doctor._api")
    if name != "__all__" and name not in api.__all__:
        raise AttributeError(f"module 'doctor' has no attribute {name!r}")
    value = globals()[name] = getattr(api, name)
    return value


def __dir__() -> list[str]:
    """The public names."""
    return list(__getattr__("__all__"))
