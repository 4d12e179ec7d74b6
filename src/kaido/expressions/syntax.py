"""What an expression consists of."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

KEYWORDS = ("and", "or", "not", "true", "false", "nan", "infinity")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*")
LOGIC = ("and", "or")
COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")
ARITHMETIC = ("+", "-", "*", "/")
WINDOW_FUNCTIONS = (
    "last_window_min",
    "last_window_max",
    "last_window_avg",
    "previous_window_min",
    "previous_window_max",
    "previous_window_avg",
)
IS_NULL = "is_null"
CUSTOM = "custom"
RESERVED = frozenset({*KEYWORDS, *WINDOW_FUNCTIONS, IS_NULL, CUSTOM})
"""Words that mean something of their own before a parenthesis."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: ``position`` counts from 0 in ``text``."""

    text: str
    position: int


class ExpressionError(InvalidInputError):
    """An expression that makes no sense, with the column (from 1) where it stops to."""

    @classmethod
    def at(cls, place: Place, problem: str, fix: str = "") -> ExpressionError:
        """The error that points to a place."""
        found = cls(f"column {place.position + 1} of {_excerpt(place)}", why=problem, fix=fix)
        found.column = place.position + 1
        return found


def _excerpt(place: Place, width: int = 30) -> str:
    start, end = max(place.position - width, 0), place.position + width
    before = ("…" if start else "") + place.text[start : place.position]
    after = place.text[place.position : end] + ("…" if end < len(place.text) else "")
    return json.dumps(f"{before}⟨here⟩{after}", ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Node:
    place: Place | None = field(default=None, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True, eq=False)
class Number(_Node):
    """A number; ``unit`` is a VSS unit, or empty. One NaN equals another, and -0 is not 0: what is written counts."""

    value: float
    unit: str = ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and self._written == other._written

    def __hash__(self) -> int:
        return hash(self._written)

    @property
    def _written(self) -> tuple[str, str]:
        return repr(float(self.value)), self.unit


@dataclass(frozen=True, slots=True)
class Text(_Node):
    """A string."""

    value: str


@dataclass(frozen=True, slots=True)
class Truth(_Node):
    """``true`` or ``false``."""

    value: bool


@dataclass(frozen=True, slots=True)
class Signal(_Node):
    """The newest value of a signal. A path like ``#17`` is a signal id whose name nobody knows."""

    path: str


@dataclass(frozen=True, slots=True)
class Member(_Node):
    """A value inside a complex signal: which member of the struct or array, from the outside to the inside."""

    path: str
    indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Window(_Node):
    """A function of ``WINDOW_FUNCTIONS`` over the last, or the one before the last, whole window of a signal."""

    function: str
    path: str


@dataclass(frozen=True, slots=True)
class Not(_Node):
    """True where ``operand`` is not."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class IsNull(_Node):
    """Whether there is no value."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(_Node):
    """Two operands and one of ``LOGIC``, ``COMPARISONS``, ``ARITHMETIC``."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Call(_Node):
    """A function that the vehicle's software brings along."""

    name: str
    arguments: tuple[Expression, ...]


Expression = Number | Text | Truth | Signal | Member | Window | Not | IsNull | Binary | Call


def children(expression: Expression) -> tuple[Expression, ...]:
    """What an expression is made of, one level down, from left to right."""
    match expression:
        case Not() | IsNull():
            return (expression.operand,)
        case Binary():
            return (expression.left, expression.right)
        case Call():
            return expression.arguments
    return ()


def nodes(expression: Expression) -> Iterator[tuple[Expression, int]]:
    """Every node with its depth (the root has 1), from left to right. Does not recurse."""
    waiting = [(expression, 1)]
    while waiting:
        node, depth = waiting.pop()
        yield node, depth
        waiting += [(child, depth + 1) for child in reversed(children(node))]


def depth(expression: Expression) -> int:
    """The levels of the tree; a lone signal has 1."""
    return max(level for _, level in nodes(expression))


def references(expression: Expression) -> list[str]:
    """The paths of the signals that an expression reads, each once, from left to right."""
    named = (node.path for node, _ in nodes(expression) if isinstance(node, Signal | Member | Window))
    return list(dict.fromkeys(named))


def windowed(expression: Expression) -> list[str]:
    """The paths of the signals that an expression reads through a window function, each once."""
    return list(dict.fromkeys(node.path for node, _ in nodes(expression) if isinstance(node, Window)))


def compared_texts(expression: Expression) -> Iterator[tuple[str, str]]:
    """The signals that are compared with a string, with the string."""
    for node, _ in nodes(expression):
        match node:
            case Binary(left=Signal(path=path), right=Text(value=text)):
                yield path, text
            case Binary(left=Text(value=text), right=Signal(path=path)):
                yield path, text


def compared_signals(expression: Expression) -> Iterator[tuple[str, str]]:
    """The signals that are compared with each other."""
    for node, _ in nodes(expression):
        match node:
            case Binary(operator=operator, left=Signal(path=left), right=Signal(path=right)) if operator in COMPARISONS:
                yield left, right


def balanced(operator: str, parts: Sequence[Expression]) -> Expression:
    """Parts joined by ``and`` or ``or`` in the flattest tree.

    Vehicles bound the depth of a tree. Both operators are evaluated from left to right until the result is known, so
    how they are grouped makes no difference.
    """
    if len(parts) == 1:
        return parts[0]
    middle = (len(parts) + 1) // 2
    left, right = balanced(operator, parts[:middle]), balanced(operator, parts[middle:])
    return Binary(operator, left, right, place=right.place)


def chain(expression: Binary) -> list[Expression]:
    """The parts that one operator joins, however they are grouped."""
    parts: list[Expression] = []
    waiting: list[Expression] = [expression]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Binary) and node.operator == expression.operator:
            waiting += [node.right, node.left]
        else:
            parts.append(node)
    return parts
