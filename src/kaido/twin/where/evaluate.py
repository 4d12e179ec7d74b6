"""An expression over all vehicles at once. What is missing compares false."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from kaido.twin.where.syntax import Age, Binary, Expression, In, IsNull, Literal, Negative, Not, Reference

if TYPE_CHECKING:
    import numpy.typing as npt

    from kaido.twin.texts import TextColumn

    Mask = npt.NDArray[np.bool_]

_COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_ARITHMETIC = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


@dataclass(frozen=True)
class Number:
    """A number for each vehicle, and where there is one."""

    values: npt.NDArray[np.float64]
    present: Mask


class Fleet(Protocol):
    """The columns that an expression reads, one entry a vehicle."""

    size: int

    def numbers(self, path: str) -> Number:
        """A signal's numbers."""

    def texts(self, path: str) -> TextColumn | None:
        """A signal's or an attribute's texts; None where it never had any."""

    def ages(self, path: str) -> Number:
        """Seconds since the time of a signal's value."""


def evaluate(expression: Expression, fleet: Fleet) -> Mask:
    """Where the condition holds, shape (vehicles,)."""
    with np.errstate(all="ignore"):
        return _condition(expression, fleet)


def _condition(expression: Expression, fleet: Fleet) -> Mask:  # noqa: PLR0911  # one a kind of expression
    match expression:
        case Literal():
            return np.full(fleet.size, bool(expression.value))
        case Not(operand):
            return ~_condition(operand, fleet)
        case Binary("and", left, right):
            return _condition(left, fleet) & _condition(right, fleet)
        case Binary("or", left, right):
            return _condition(left, fleet) | _condition(right, fleet)
        case Binary(name, left, right):
            return _compare(name, left, right, fleet)
        case In(operand, values):
            return _is_one_of(operand, [literal.value for literal in values], fleet)
        case IsNull(operand):
            return ~_present(operand, fleet)
        case Reference(path):
            number = fleet.numbers(path)
            return number.present & _compared("!=", number.values, 0)
    raise AssertionError(expression)  # the parser lets no value stand as a condition


def _present(expression: Expression, fleet: Fleet) -> Mask:
    present = np.zeros(fleet.size, bool)
    if isinstance(expression, Reference):
        texts = fleet.texts(expression.path)
        if texts is not None:
            present |= texts.codes[: fleet.size] != 0
        if expression.is_attribute:
            return present
    elif isinstance(expression, Literal):
        return ~present
    return present | _number(expression, fleet).present


def _is_one_of(operand: Expression, values: list[float | str | bool], fleet: Fleet) -> Mask:
    """Looked up at once: a comparison for each value of a long list would hold the twin up for seconds."""
    if isinstance(operand, Literal):
        return np.full(fleet.size, operand.value in values)
    if not isinstance(values[0], str):
        number = _number(operand, fleet)
        return number.present & np.isin(number.values, values)
    column = fleet.texts(operand.path) if isinstance(operand, Reference) else None
    if column is None:
        return np.zeros(fleet.size, bool)
    codes = column.codes[: fleet.size]
    return _compared("!=", codes, 0) & np.isin(codes, [column.code(str(text)) for text in values])


def _compare(name: str, left: Expression, right: Expression, fleet: Fleet) -> Mask:
    if isinstance(left, Literal) and isinstance(right, Literal):
        return np.full(fleet.size, bool(_COMPARISONS[name](left.value, right.value)))
    if isinstance(left, Literal) and isinstance(left.value, str):
        left, right = right, left  # texts compare with == and != only, either way round
    if isinstance(right, Literal) and isinstance(right.value, str):
        return _compare_with_text(name, left, right.value, fleet)
    if isinstance(left, Reference) and isinstance(right, Reference):
        return _compare_references(name, left, right, fleet)
    one, other = _number(left, fleet), _number(right, fleet)
    return one.present & other.present & _compared(name, one.values, other.values)


def _compare_with_text(name: str, left: Expression, text: str, fleet: Fleet) -> Mask:
    column = fleet.texts(left.path) if isinstance(left, Reference) else None
    if column is None:
        return np.zeros(fleet.size, bool)
    codes = column.codes[: fleet.size]
    return _compared("!=", codes, 0) & _compared(name, codes, column.code(text))


def _compare_references(name: str, left: Reference, right: Reference, fleet: Fleet) -> Mask:
    result = np.zeros(fleet.size, bool)
    one, other = fleet.texts(left.path), fleet.texts(right.path)
    if one is not None and other is not None and name in {"==", "!="}:
        both = (one.codes[: fleet.size] != 0) & (other.codes[: fleet.size] != 0)
        where = np.flatnonzero(both)
        result[where] = _compared(name, one.objects()[where], other.objects()[where])
    if left.is_attribute or right.is_attribute:
        return result
    first, second = fleet.numbers(left.path), fleet.numbers(right.path)
    return result | (first.present & second.present & _compared(name, first.values, second.values))


def _compared(name: str, left: Any, right: Any) -> Mask:
    result: Mask = _COMPARISONS[name](left, right)
    return result


def _number(expression: Expression, fleet: Fleet) -> Number:
    match expression:
        case Literal(float() | bool() as value):
            return Number(np.broadcast_to(np.float64(value), fleet.size), np.broadcast_to(np.True_, fleet.size))
        case Reference(path) if not expression.is_attribute:
            return fleet.numbers(path)
        case Age(operand):
            return fleet.ages(operand.path)
        case Negative(operand):
            number = _number(operand, fleet)
            return Number(-number.values, number.present)
        case Binary(name, left, right):
            one, other = _number(left, fleet), _number(right, fleet)
            values = _ARITHMETIC[name](one.values, other.values)
            present = one.present & other.present
            return Number(values, present & np.isfinite(values) if name == "/" else present)
    return Number(np.zeros(fleet.size), np.zeros(fleet.size, bool))  # a text where a number would be
