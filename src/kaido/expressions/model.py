"""What is known about an expression besides its form."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from kaido.expressions.showing import show
from kaido.expressions.syntax import ExpressionError, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaido.expressions.syntax import Expression


class Type(enum.StrEnum):
    """What an expression yields."""

    BOOLEAN = "boolean"
    NUMBER = "number"
    STRING = "string"
    ANY = "any"
    """Nobody knows: it fits everywhere."""

    def fits(self, wanted: Type) -> bool:
        """Whether it can stand where ``wanted`` is wanted."""
        return self is wanted or Type.ANY in {self, wanted}


@dataclass(frozen=True)
class Function:
    """A function that the vehicle's software brings along.

    Attributes:
        parameters: what it takes; with ``more`` and without any, everything.
        returns: what it yields.
        more: whether its last parameter may be given several times.
        keeps_unit: whether it yields a number in the unit of its arguments.
    """

    parameters: tuple[Type, ...] = ()
    returns: Type = Type.BOOLEAN
    more: bool = False
    keeps_unit: bool = False

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        return count >= len(self.parameters) if self.more else count == len(self.parameters)

    def parameter(self, place: int) -> Type:
        """What the argument at a place has to be."""
        return self.parameters[min(place, len(self.parameters) - 1)] if self.parameters else Type.ANY


_TWO = (Type.NUMBER, Type.NUMBER)

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "abs": Function((Type.NUMBER,), Type.NUMBER, keeps_unit=True),
        "min": Function(_TWO, Type.NUMBER, more=True, keeps_unit=True),
        "max": Function(_TWO, Type.NUMBER, more=True, keeps_unit=True),
        "ceil": Function((Type.NUMBER,), Type.NUMBER, keeps_unit=True),
        "floor": Function((Type.NUMBER,), Type.NUMBER, keeps_unit=True),
        "pow": Function(_TWO, Type.NUMBER),
        "log": Function(_TWO, Type.NUMBER),
    }
)
"""The custom functions that every agent knows; all others are declared. ``log`` takes the base first."""

ACTIONS: Mapping[str, Function] = MappingProxyType(
    {"OBD_QUERY": Function(more=True, returns=Type.NUMBER), "DTC_QUERY": Function(more=True, returns=Type.NUMBER)}
)
"""What every agent that may ask ECUs can fetch signals by. Conditions cannot call them."""


class Described(Protocol):
    """What is asked of a catalog's signal."""

    @property
    def datatype(self) -> str:
        """A datatype of VSS; empty where nobody knows it."""

    @property
    def unit(self) -> str:
        """A unit, or nothing."""


@dataclass(frozen=True)
class Resolved:
    """An expression that makes sense.

    Attributes:
        expression: the same, with every number and signal in the units in which vehicles compare them.
        type: what it yields.
        unit: of a number, a VSS unit; empty where nothing states it.
    """

    expression: Expression
    type: Type
    unit: str = ""


def error(node: Expression, problem: str, fix: str = "") -> ExpressionError:
    """The error that points to a node."""
    return ExpressionError.at(node.place or Place(show(node), 0), problem, fix)
