"""Expressions as the wire's condition trees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kaido.errors import InvalidInputError, nearest_names
from kaido.expressions.limits import MAX_CHARACTERS, MAX_DEPTH, MAX_NODES, too_deep, too_long, too_many, within_limits
from kaido.expressions.model import error
from kaido.expressions.showing import show
from kaido.expressions.syntax import (
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
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Mapping

OPERATORS = {
    "<": pb.NodeOperator.SMALLER,
    ">": pb.NodeOperator.BIGGER,
    "<=": pb.NodeOperator.SMALLER_EQUAL,
    ">=": pb.NodeOperator.BIGGER_EQUAL,
    "==": pb.NodeOperator.EQUAL,
    "!=": pb.NodeOperator.NOT_EQUAL,
    "and": pb.NodeOperator.AND,
    "or": pb.NodeOperator.OR,
    "+": pb.NodeOperator.PLUS,
    "-": pb.NodeOperator.MINUS,
    "*": pb.NodeOperator.MULTIPLY,
    "/": pb.NodeOperator.DIVIDE,
}
WINDOW_TYPES = dict(
    zip(
        WINDOW_FUNCTIONS,
        (
            pb.WindowFunction.LAST_MIN,
            pb.WindowFunction.LAST_MAX,
            pb.WindowFunction.LAST_AVG,
            pb.WindowFunction.PREVIOUS_LAST_MIN,
            pb.WindowFunction.PREVIOUS_LAST_MAX,
            pb.WindowFunction.PREVIOUS_LAST_AVG,
        ),
        strict=True,
    )
)
_OPERATOR_NAMES = {code: name for name, code in OPERATORS.items()}
_WINDOW_NAMES = {kind: name for name, kind in WINDOW_TYPES.items()}
_LARGEST = 2**32 - 1
_SAYABLE = re.compile(r"[^`#\x00-\x1f][^`\x00-\x1f]*")
"""Paths that can be written between backticks."""


def to_wire(expression: Expression, ids: Mapping[str, int]) -> pb.ConditionNode:
    """The condition tree of an expression whose numbers are in the units of its signals (``resolve`` sees to it).

    Args:
        expression: what to send.
        ids: the ids of signals in a decoder manifest, by path.

    Raises:
        ExpressionError: a signal has no id, or a number still has a unit.
        InvalidInputError: it is too large.
    """
    return _written(within_limits(expression), ids)


def _written(node: Expression, ids: Mapping[str, int]) -> pb.ConditionNode:  # noqa: PLR0911  # one a kind of node
    match node:
        case Number():
            if node.unit:
                raise error(node, f"the wire knows no units, and this number is in {node.unit}")
            return pb.ConditionNode(double_value=node.value)
        case Text():
            return pb.ConditionNode(string_value=node.value)
        case Truth():
            return pb.ConditionNode(bool_value=node.value)
        case Signal():
            return pb.ConditionNode(signal_id=_id(node, ids))
        case Member():
            where = pb.SignalPath(signal_path=[_small(node, one) for one in node.indices])
            inside = pb.PrimitiveInComplex(signal_id=_id(node, ids), signal_path=where)
            return pb.ConditionNode(primitive_in_complex=inside)
        case Window():
            window = pb.WindowFunction(signal_id=_id(node, ids), window_type=WINDOW_TYPES[node.function])
            return pb.ConditionNode(function=pb.NodeFunction(window=window))
        case _:
            return _composed(node, ids)


def _composed(node: Not | IsNull | Call | Binary, ids: Mapping[str, int]) -> pb.ConditionNode:
    match node:
        case IsNull():
            is_null = pb.IsNullFunction(expression=_written(node.operand, ids))
            return pb.ConditionNode(function=pb.NodeFunction(is_null=is_null))
        case Call():
            params = [_written(one, ids) for one in node.arguments]
            custom = pb.CustomFunction(function_name=node.name, params=params)
            return pb.ConditionNode(function=pb.NodeFunction(custom=custom))
        case Not():
            left = _written(node.operand, ids)
            return pb.ConditionNode(operator=pb.NodeOperator(left=left, operator=pb.NodeOperator.NOT))
        case Binary():
            left, right = _written(node.left, ids), _written(node.right, ids)
            joined = pb.NodeOperator(left=left, right=right, operator=OPERATORS[node.operator])
            return pb.ConditionNode(operator=joined)


def _id(node: Signal | Member | Window, ids: Mapping[str, int]) -> int:
    if node.path.startswith("#") and node.path[1:].isdecimal():
        return _small(node, int(node.path[1:11]))
    if node.path not in ids:
        nearest = nearest_names(node.path, ids)
        raise error(node, f"no signal '{node.path}'", f"Did you mean {' or '.join(nearest)}?" if nearest else "")
    return ids[node.path]


def _small(node: Expression, number: int) -> int:
    if number > _LARGEST:
        raise error(node, f"{number} is too large: the wire has 32 bits for it")
    return number


def from_wire(message: pb.ConditionNode, paths: Mapping[int, str]) -> Expression:
    """The expression of a condition tree, also of one that was not made here.

    Args:
        message: the tree.
        paths: the paths of signals by their ids; a signal that is not in it is called ``#17``.

    Raises:
        InvalidInputError: a node is empty or of a kind that nobody knows, or the tree is too large.
    """
    expression = _Reader(paths).read(message, 1)
    if (characters := len(show(expression))) > MAX_CHARACTERS:
        raise too_long(characters)
    return expression


class _Reader:
    def __init__(self, paths: Mapping[int, str]) -> None:
        self._paths = paths
        self._count = 0

    def read(self, message: pb.ConditionNode, depth: int) -> Expression:  # noqa: PLR0911  # one a kind of node
        self._count += 1
        if depth > MAX_DEPTH:
            raise too_deep()
        if self._count > MAX_NODES:
            raise too_many()
        match message.WhichOneof("node"):
            case "double_value":
                return Number(message.double_value)
            case "string_value":
                return Text(message.string_value)
            case "bool_value":
                return Truth(message.bool_value)
            case "signal_id":
                return Signal(self._path(message.signal_id))
            case "primitive_in_complex":
                inside = message.primitive_in_complex
                return Member(self._path(inside.signal_id), tuple(inside.signal_path.signal_path))
            case "function":
                return self._function(message.function, depth)
            case "operator":
                return self._operator(message.operator, depth)
        raise InvalidInputError("the condition tree cannot be read", why="one of its nodes is empty")

    def _operator(self, message: pb.NodeOperator, depth: int) -> Expression:
        if message.operator == pb.NodeOperator.NOT:
            return Not(self.read(message.left, depth + 1))
        name = _OPERATOR_NAMES.get(message.operator)
        if name is None:
            raise _unknown("operator", message.operator)
        return Binary(name, self.read(message.left, depth + 1), self.read(message.right, depth + 1))

    def _function(self, message: pb.NodeFunction, depth: int) -> Expression:
        match message.WhichOneof("function"):
            case "window":
                name = _WINDOW_NAMES.get(message.window.window_type)
                if name is None:
                    raise _unknown("window", message.window.window_type)
                return Window(name, self._path(message.window.signal_id))
            case "is_null":
                return IsNull(self.read(message.is_null.expression, depth + 1))
            case "custom":
                if not message.custom.function_name:
                    raise InvalidInputError("the condition tree cannot be read", why="a custom function has no name")
                arguments = tuple(self.read(one, depth + 1) for one in message.custom.params)
                return Call(message.custom.function_name, arguments)
        raise InvalidInputError("the condition tree cannot be read", why="a function of it is empty")

    def _path(self, signal_id: int) -> str:
        path = self._paths.get(signal_id, "")
        return path if _SAYABLE.fullmatch(path) else f"#{signal_id}"


def _unknown(what: str, code: int) -> InvalidInputError:
    return InvalidInputError(
        "the condition tree cannot be read", why=f"it has a kind of {what} that is not known: {code}"
    )
