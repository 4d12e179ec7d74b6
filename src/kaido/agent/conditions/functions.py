"""Functions that conditions call by name. Who embeds the agent hands over more of them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray


class Kind(enum.StrEnum):
    """What an expression yields. Numbers and conditions stand for each other: 0 is false, true is 1."""

    NUMBER = "number"
    CONDITION = "condition"
    STRING = "string"


@dataclass(frozen=True)
class Function:
    """A function, computed over many moments at once.

    Where one of its arguments has no value it is not asked, and has no value either.

    Attributes:
        call: gets an argument a parameter: float64, shape (N,), or a float where it is the same at all times; of a
            string an array of objects, or a str. Gives an array of shape (N,), or one value for all; strings as
            objects. Where it raises, it has no value, which is logged once.
        parameters: of each what it takes.
        result: what it yields.
        more: whether the last parameter may be given several times.
    """

    call: Callable[..., NDArray[Any] | float | bool]
    parameters: tuple[Kind, ...] = (Kind.NUMBER,)
    result: Kind = Kind.NUMBER
    more: bool = False

    def parameter(self, place: int) -> Kind:
        """What the argument at a place has to be."""
        return self.parameters[min(place, len(self.parameters) - 1)]

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        return count >= len(self.parameters) if self.more else count == len(self.parameters)


def _logarithm(base: Any, number: Any) -> Any:
    return np.log(number) / np.log(base)


def _smallest(*numbers: Any) -> Any:
    smallest = numbers[0]
    for number in numbers[1:]:
        smallest = np.where(number < smallest, number, smallest)
    return smallest


def _largest(*numbers: Any) -> Any:
    largest = numbers[0]
    for number in numbers[1:]:
        largest = np.where(number > largest, number, largest)
    return largest


_TWO = (Kind.NUMBER, Kind.NUMBER)

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "abs": Function(np.abs),
        "min": Function(_smallest, _TWO, more=True),
        "max": Function(_largest, _TWO, more=True),
        "pow": Function(np.float_power, _TWO),
        "log": Function(_logarithm, _TWO),
        "ceil": Function(np.ceil),
        "floor": Function(np.floor),
    }
)
"""What every agent knows, as the FleetWise edge agent names its examples; ``log`` takes the base first."""
