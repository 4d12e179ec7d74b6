"""Whether an expression makes sense over a catalog's signals: types, then units.

Numbers with a unit are converted to that of the signal they meet, signals to that of the other side.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kaido.errors import nearest_names
from kaido.expressions import units
from kaido.expressions.limits import within_limits
from kaido.expressions.model import FUNCTIONS, Function, Resolved, Type, error
from kaido.expressions.showing import show
from kaido.expressions.syntax import (
    COMPARISONS,
    IS_NULL,
    LOGIC,
    WINDOW_FUNCTIONS,
    Binary,
    Call,
    Expression,
    IsNull,
    Member,
    Not,
    Number,
    Signal,
    Text,
    Truth,
    Window,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaido.expressions.model import Described
    from kaido.expressions.syntax import ExpressionError


def check(
    expression: Expression, signals: Mapping[str, Described], functions: Mapping[str, Function] = FUNCTIONS
) -> Type:
    """What an expression yields.

    Raises:
        ExpressionError: types or units do not fit together, or a name is not known.
        InvalidInputError: it is too large.
    """
    return resolve(expression, signals, functions).type


def resolve(
    expression: Expression, signals: Mapping[str, Described], functions: Mapping[str, Function] = FUNCTIONS
) -> Resolved:
    """An expression as vehicles take it: checked, and free of units.

    Args:
        expression: what is to be checked.
        signals: the catalog, by path.
        functions: the custom functions that there are, by name.

    Raises:
        ExpressionError: types or units do not fit together, or a name is not known.
        InvalidInputError: it is too large.
    """
    found = _Checker(signals, functions).of(within_limits(expression))
    if isinstance(found.expression, Number) and found.expression.unit:
        raise error(found.expression, "a unit means nothing here", "Write the number alone")
    within_limits(found.expression)
    return found


class _Checker:
    def __init__(self, signals: Mapping[str, Described], functions: Mapping[str, Function]) -> None:
        self._signals = signals
        self._functions = functions

    def of(self, node: Expression) -> Resolved:  # noqa: PLR0911  # one a kind of node
        match node:
            case Number():
                return Resolved(node, Type.NUMBER, node.unit)
            case Text():
                return Resolved(node, Type.STRING)
            case Truth():
                return Resolved(node, Type.BOOLEAN)
            case Signal():
                return self._signal(node)
            case Member():
                self._known(node)
                return Resolved(node, Type.NUMBER)
            case Window():
                return self._window(node)
            case _:
                return self._composed(node)

    def _composed(self, node: Not | IsNull | Binary | Call) -> Resolved:
        match node:
            case Not():
                operand = self._condition(node.operand, "not")
                return Resolved(replace(node, operand=operand.expression), Type.BOOLEAN)
            case IsNull():
                operand = self._unitless(self.of(node.operand))
                return Resolved(replace(node, operand=operand.expression), Type.BOOLEAN)
            case Call():
                return self._call(node)
            case Binary() if node.operator in LOGIC:
                left, right = (self._condition(one, node.operator) for one in (node.left, node.right))
                return Resolved(replace(node, left=left.expression, right=right.expression), Type.BOOLEAN)
            case Binary() if node.operator in COMPARISONS:
                return self._comparison(node)
            case Binary():
                return self._arithmetic(node)

    def _known(self, node: Signal | Member | Window) -> Described:
        known = self._signals.get(node.path)
        if known is not None:
            return known
        if any(path.startswith(f"{node.path}.") for path in self._signals):
            raise error(node, f"'{node.path}' is a branch, not a signal", "Name one of its signals")
        nearest = nearest_names(node.path, self._signals)
        fix = f"Did you mean {' or '.join(nearest)}?" if nearest else "See: kaido catalog list"
        raise error(node, f"no signal '{node.path}'", fix)

    def _signal(self, node: Signal | Window) -> Resolved:
        known = self._known(node)
        if known.datatype.endswith("[]"):
            fix = f"Name one of its values: {node.path}[0]"
            raise error(node, f"{node.path} is an array ({known.datatype})", fix)
        if known.datatype == "boolean":
            return Resolved(node, Type.BOOLEAN)
        if known.datatype == "string":
            return Resolved(node, Type.STRING)
        known_type = Type.NUMBER if known.datatype else Type.ANY
        return Resolved(node, known_type, units.named(known.unit))

    def _window(self, node: Window) -> Resolved:
        found = self._signal(node)
        if not found.type.fits(Type.NUMBER):
            raise error(node, f"{node.function}() wants a number, and {node.path} is a {found.type}")
        return found

    def _condition(self, node: Expression, operator: str) -> Resolved:
        found = self.of(node)
        if found.type.fits(Type.BOOLEAN):
            return found
        what = show(node)
        fix = f"Compare it: {what} != 0" if found.type is Type.NUMBER else "Compare it with == or !="
        raise error(node, f"'{operator}' wants conditions, and {what} is a {found.type}", fix)

    def _unitless(self, found: Resolved) -> Resolved:
        if isinstance(found.expression, Number) and found.expression.unit:
            raise error(found.expression, "a unit means nothing here", "Write the number alone")
        return found

    def _call(self, node: Call) -> Resolved:
        function = self._functions.get(node.name)
        if function is None:
            nearest = nearest_names(node.name, [*self._functions, *WINDOW_FUNCTIONS, IS_NULL])
            fix = (
                f"Did you mean {' or '.join(nearest)}?" if nearest else "Declare it in the campaign, under 'functions'"
            )
            raise error(node, f"no function '{node.name}'", fix)
        if not function.takes(len(node.arguments)):
            least = "at least " if function.more else ""
            wanted, given = len(function.parameters), len(node.arguments)
            raise error(node, f"{node.name}() takes {least}{wanted} argument{'s' * (wanted != 1)}, not {given}")
        arguments = [self._unitless(self.of(argument)) for argument in node.arguments]
        for place, (argument, found) in enumerate(zip(node.arguments, arguments, strict=True)):
            wanted_type = function.parameter(place)
            if not found.type.fits(wanted_type):
                raise error(argument, f"{node.name}() wants a {wanted_type} here, and this is a {found.type}")
        unit = units.shared(node, arguments) if function.keeps_unit else ""
        expressions = tuple(found.expression for found in arguments)
        return Resolved(replace(node, arguments=expressions), function.returns, unit)

    def _comparison(self, node: Binary) -> Resolved:
        left, right = self.of(node.left), self.of(node.right)
        if not left.type.fits(right.type):
            raise self._unlike(node, left, right)
        ordered = left.type.fits(Type.NUMBER) and right.type.fits(Type.NUMBER)
        if not ordered and node.operator not in {"==", "!="}:
            raise error(node, f"a {left.type} is compared with == and !=, not with {node.operator}")
        left, right = units.same(node, left, right)
        return Resolved(replace(node, left=left.expression, right=right.expression), Type.BOOLEAN)

    def _unlike(self, node: Binary, left: Resolved, right: Resolved) -> ExpressionError:
        fix = ""
        if {left.type, right.type} == {Type.BOOLEAN, Type.NUMBER}:
            fix = "A boolean is compared with true or false"
        return error(node, f"a {left.type} is compared with a {right.type}", fix)

    def _arithmetic(self, node: Binary) -> Resolved:
        left, right = self.of(node.left), self.of(node.right)
        for side, found in ((node.left, left), (node.right, right)):
            if not found.type.fits(Type.NUMBER):
                raise error(side, f"'{node.operator}' wants numbers, and {show(side)} is a {found.type}")
        if node.operator in {"+", "-"}:
            left, right = units.same(node, left, right)
            unit = left.unit
        else:
            left, right, unit = units.scaled(node, left, right)
        return Resolved(replace(node, left=left.expression, right=right.expression), Type.NUMBER, unit)
