"""What an integrator wrote for ``kaido agent``, found by name."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TypeVar

from kaido.agent.commands.actuators import Actuators
from kaido.agent.software import Software
from kaido.errors import InvalidInputError

_Made = TypeVar("_Made")


def load_actuators(name: str) -> Actuators:
    """What the function ``module:name`` returns; the module may lie in the working directory.

    Raises:
        InvalidInputError: there is no such function, or it returns something else.
    """
    return _made(name, Actuators, "actuators")


def load_software(name: str) -> Software:
    """As :func:`load_actuators`, for functions, fetches and values too."""
    return _made(name, Software, "software")


def _made(name: str, kind: type[_Made], what: str) -> _Made:
    module, _, attribute = name.partition(":")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.append(folder)
    try:
        factory = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise InvalidInputError(
            f"{name!r} names no {what}", why=str(error), fix=f"Name a function: --{what} my_car:{what}"
        ) from error
    made = factory()
    if not isinstance(made, kind):
        raise InvalidInputError(f"{name} returns no {what}", why=f"it returns a {type(made).__name__}")
    return made
