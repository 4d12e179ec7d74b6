"""A signal of the catalog: a leaf of COVESA VSS."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = ("sensor", "actuator", "attribute")
SCALARS = (
    "boolean",
    "uint8",
    "int8",
    "uint16",
    "int16",
    "uint32",
    "int32",
    "uint64",
    "int64",
    "float",
    "double",
    "string",
)
DATATYPES = frozenset(SCALARS) | {f"{name}[]" for name in SCALARS}
PATH = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")
MAX_PATH = 512


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that a car can have.

    Attributes:
        path: the VSS path, ``Vehicle.Speed``.
        kind: sensor, actuator or attribute.
        datatype: of VSS: boolean, uint8 ... int64, float, double, string; with ``[]`` for arrays.
        unit: a VSS unit, ``km/h``; empty for none.
        description: for people.
        min: the smallest value, if stated.
        max: the largest.
        allowed: the only values there are, if stated.
        critical: whether a command to it needs a second person's approval.
    """

    path: str
    kind: str
    datatype: str
    unit: str = ""
    description: str = ""
    min: float | None = None
    max: float | None = None
    allowed: tuple[str | float, ...] = ()
    critical: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "allowed", tuple(self.allowed))  # JSON knows lists only


def matches(path: str, description: str, words: Iterable[str]) -> bool:
    """Whether a path or its description has all of these words, which are in lower case, somewhere."""
    text = f"{path}\n{description}".lower()
    return all(word in text for word in words)


def is_path(text: str) -> bool:
    """Whether a text can be the path of a signal."""
    return len(text) <= MAX_PATH and PATH.fullmatch(text) is not None
