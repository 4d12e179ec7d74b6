"""Packages whose parts are imported when they are asked for."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def parts(package: str, where: Mapping[str, str]) -> Callable[[str], Any]:
    """A package's ``__getattr__``: who asks for one of its names loads the module of that name alone.

    Args:
        package: its name.
        where: the module of each of its names, below the package.
    """

    def find(name: str) -> Any:
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{where[name]}"), name)

    return find
