"""Units of the numbers in an expression: what meets is brought to one unit, or refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kaido.catalog.units import canonical, conversion
from kaido.expressions.model import Resolved, error
from kaido.expressions.showing import show
from kaido.expressions.syntax import COMPARISONS, Binary, Number, Signal, Window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.expressions.syntax import Call, Expression

_DIGITS = 12
"""Significant digits of a converted number: 60 mph is 96.56064 km/h, not 96.56063999999999."""


def named(unit: str) -> str:
    """The VSS name of a signal's unit; one that is not known keeps its own."""
    return canonical(unit) or unit.strip()


def same(node: Binary, left: Resolved, right: Resolved) -> tuple[Resolved, Resolved]:
    """Both sides of a comparison, a sum or a difference in one unit.

    Raises:
        ExpressionError: their units are of other quantities, or one side has none to convert to.
    """
    if left.unit and right.unit:
        if _is_number(left) and not _is_number(right):
            return _converted(node, left, right), right
        return _bare(left), _converted(node, right, left)
    for literal, other in ((left, right), (right, left)):
        if _is_number(literal) and literal.unit and not _is_number(other):
            what = show(other.expression)
            raise error(literal.expression, f"{what} has no unit that is known", "Write the number alone")
    unit = left.unit or right.unit
    return replace(_bare(left), unit=unit), replace(_bare(right), unit=unit)


def scaled(node: Binary, left: Resolved, right: Resolved) -> tuple[Resolved, Resolved, str]:
    """Both sides of a product or a quotient, and its unit: that of the side that has one, else none.

    Raises:
        ExpressionError: a number has a unit, and nothing of the same quantity to be divided by.
    """
    if node.operator == "/" and left.unit and right.unit and _factors(right.unit, left.unit):
        return *same(node, left, right), ""
    for side in (left, right):
        if _is_number(side) and side.unit:
            why = "a unit in a product, or in a quotient of unlike units, is not converted"
            raise error(side.expression, why, "Write the number alone")
    unit = left.unit if not right.unit else right.unit if node.operator == "*" and not left.unit else ""
    return left, right, unit


def shared(node: Call, arguments: Sequence[Resolved]) -> str:
    """The unit of all arguments of a function, as far as they have any.

    Raises:
        ExpressionError: they have several.
    """
    found = sorted({one.unit for one in arguments if one.unit})
    if len(found) > 1:
        raise error(node, f"{node.name}() wants its arguments in one unit, not in {' and '.join(found)}")
    return found[0] if found else ""


def _is_number(found: Resolved) -> bool:
    return isinstance(found.expression, Number)


def _bare(found: Resolved) -> Resolved:
    if isinstance(found.expression, Number):
        return replace(found, expression=replace(found.expression, unit=""))
    return found


def _factors(source: str, target: str) -> tuple[float, float] | None:
    if source == target:
        return 1.0, 0.0
    if canonical(source) != source or canonical(target) != target:
        return None
    return conversion(source, target)


def _converted(node: Binary, found: Resolved, target: Resolved) -> Resolved:
    """One side of ``node`` in the unit of the other."""
    factors = _factors(found.unit, target.unit)
    if factors is None:
        problem = f"{found.unit} and {target.unit} are of different quantities"
        raise error(node, problem, f"{_named(found)} is in {found.unit}, {_named(target)} in {target.unit}")
    factor, offset = factors
    if offset and not (node.operator in COMPARISONS and _is_plain(found.expression) and _is_plain(target.expression)):
        # Of a difference or a sum nobody can say whether the zero point is to be moved.
        fix = f"Write the numbers in {target.unit}, or compare signals as they are"
        raise error(node, f"{found.unit} is not converted to {target.unit} within arithmetic", fix)
    return replace(found, expression=_times(found.expression, factor, offset), unit=target.unit)


def _is_plain(node: Expression) -> bool:
    return isinstance(node, Number | Signal | Window)


def _named(found: Resolved) -> str:
    return f"'{show(found.expression)}'"


def _times(node: Expression, factor: float, offset: float) -> Expression:
    if isinstance(node, Number):
        return Number(_rounded(node.value * factor + offset), place=node.place)
    if factor != 1:
        node = Binary("*", node, Number(_rounded(factor)), place=node.place)
    if offset:
        node = Binary("+", node, Number(_rounded(offset)), place=node.place)
    return node


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
