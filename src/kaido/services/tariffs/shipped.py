"""The examples that are shipped: typical in their form, with invented numbers; no utility's."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from kaido.errors import NotFoundError

PREFIX = "example-"


@cache
def names() -> tuple[str, ...]:
    """The names of all examples."""
    found = files("kaido.services.tariffs").joinpath("examples").iterdir()
    return tuple(sorted(one.name.removesuffix(".yaml") for one in found if one.name.endswith(".yaml")))


def document(name: str) -> dict[str, Any]:
    """An example as it would be written in a file.

    Raises:
        NotFoundError: there is none of that name.
    """
    if name not in names():
        raise NotFoundError.of("example tariff", name, names(), fix=f"There are {', '.join(names())}")
    text = files("kaido.services.tariffs").joinpath("examples", f"{name}.yaml").read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
