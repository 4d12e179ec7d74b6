"""Values of an expression at many moments at once, and how operators combine them."""

from __future__ import annotations

import logging
import operator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from kaido.agent.conditions.functions import Kind
from kaido.agent.conditions.tree import Call, IsNull, Literal, Operation, Signal, Window
from kaido.runtime import log
from kaido.wire.kaido_wire_pb2 import NodeOperator

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from kaido.agent.conditions.functions import Function
    from kaido.agent.conditions.tree import Step, Tree

_LOG = logging.getLogger(__name__)

EQUAL_WITHIN = 0.001
"""Numbers nearer than this are equal, as in the FleetWise edge agent: scaled raw values seldom hit a decimal."""

_BOOL = np.dtype(np.bool_)


class Value(NamedTuple):
    """A value at N moments.

    Attributes:
        data: shape (N,), float64 or bool, or texts as objects; or one value for all.
        known: shape (N,), whether there is one; or one answer for all.
    """

    data: Any
    known: Any = True


UNKNOWN = Value(0.0, False)
UNKNOWN_TEXT = Value("", False)


class Program:
    """A condition, ready to be evaluated.

    Args:
        condition: the steps of a stack machine.
    """

    def __init__(self, condition: Tree) -> None:
        self._steps = [_prepared(step) for step in condition.steps]

    def holds(
        self, newest: Mapping[int, Value], windows: Mapping[tuple[int, int], Value], moments: int
    ) -> NDArray[np.bool_]:
        """Whether it holds at each of some moments; where it has no value it does not.

        Args:
            newest: of each of its signals the newest value; a signal that is left out has none.
            windows: of each of its windows (signal, which) the result.
            moments: how many there are.
        """
        found = self.values(newest, windows)
        answer = np.asarray(_both(found.known, np.asarray(found.data, np.bool_)))
        return answer if answer.ndim else np.full(moments, answer)

    def values(self, newest: Mapping[int, Value], windows: Mapping[tuple[int, int], Value]) -> Value:
        """What it yields at each of some moments, or one value for all; the arguments are those of :meth:`holds`."""
        stack: list[Value] = []
        with np.errstate(all="ignore"):  # IEEE 754 decides: x / 0 is infinite, 0 / 0 is NaN
            for take, apply in self._steps:
                if take:
                    operands = stack[-take:]
                    del stack[-take:]
                    stack.append(apply(operands))
                else:
                    stack.append(apply((newest, windows)))
        (found,) = stack
        return found


def holds(
    tree: Tree, newest: Mapping[int, Value], windows: Mapping[tuple[int, int], Value], moments: int
) -> NDArray[np.bool_]:
    """Whether a condition that is looked at but once holds; see :class:`Program`."""
    return Program(tree).holds(newest, windows, moments)


def _prepared(step: Step) -> tuple[int, Callable[[Any], Value]]:
    """How many values a step takes from the stack, and what it makes of them; without any it gets what there is."""
    match step:
        case Literal() | Signal() | Window():
            return 0, _leaf(step)
        case IsNull():
            return 1, lambda operands: Value(np.logical_not(operands[0].known))
        case Operation(NodeOperator.NOT):
            return 1, lambda operands: Value(np.logical_not(operands[0].data), operands[0].known)
        case Operation(code, is_text=True):
            return 2, _text_operation(_TEXT_OPERATIONS[code])
        case Operation(code):
            return 2, _operation(code)
        case Call(function, count):
            return count, _call(function)


def _leaf(step: Literal | Signal | Window) -> Callable[[Any], Value]:
    match step:
        case Literal(value):
            constant = Value(value)
            return lambda _: constant
        case Signal(signal_id, is_text):
            unknown = UNKNOWN_TEXT if is_text else UNKNOWN
            return lambda given: given[0].get(signal_id, unknown)
        case Window(signal_id, which):
            return lambda given: given[1][signal_id, which]


def _operation(code: int) -> Callable[[Any], Value]:
    operation = _OPERATIONS[code]
    numeric = code not in (NodeOperator.AND, NodeOperator.OR)

    def apply(operands: list[Value]) -> Value:
        (left, left_known), (right, right_known) = operands
        if numeric:
            left, right = _number(left), _number(right)
        return Value(operation(left, right), _both(left_known, right_known))

    return apply


def _text_operation(combine: Callable[[Any, Any], Any]) -> Callable[[Any], Value]:
    def apply(operands: list[Value]) -> Value:
        left, right = operands
        return Value(combine(left.data, right.data), _both(left.known, right.known))

    return apply


def _call(function: Function) -> Callable[[Any], Value]:
    failed = False
    nothing = UNKNOWN_TEXT if function.result is Kind.STRING else UNKNOWN

    def apply(operands: list[Value]) -> Value:
        nonlocal failed
        known: Any = True
        for one in operands:
            known = _both(known, one.known)
        if not np.any(known):
            return nothing
        arguments = [one.data if isinstance(one.data, str) else _number(one.data) for one in operands]
        try:
            if not np.ndim(known):
                return Value(_checked(function, arguments))
            arguments = [one[known] if np.ndim(one) else one for one in arguments]
            found = _checked(function, arguments)
            data = np.full(len(known), nothing.data, np.object_ if nothing is UNKNOWN_TEXT else np.asarray(found).dtype)
            data[known] = found
            return Value(data, known)
        except Exception as error:  # noqa: BLE001  # whoever wrote it, the drive goes on
            if not failed:
                what = getattr(function.call, "__qualname__", repr(function.call))
                log.event(
                    _LOG, logging.ERROR, "a custom function failed; it has no value", function=what, why=repr(error)
                )
            failed = True
            return nothing

    return apply


def _checked(function: Function, arguments: list[Any]) -> Any:
    """What a function gives, if it is what it should be: one value, or one for each moment."""
    found = function.call(*arguments)
    shape, given = np.broadcast_shapes(*map(np.shape, arguments)), np.asarray(found)
    if given.shape not in {(), shape}:
        raise ValueError(f"it gave {given.shape} values for {shape}")
    if given.dtype.kind not in ("OU" if function.result is Kind.STRING else "bif"):
        raise TypeError(f"it gave {given.dtype} for a {function.result}")
    return found


def _both(left: Any, right: Any) -> Any:
    if left is True:
        return right
    if right is True:
        return left
    return np.logical_and(left, right)


def _number(data: Any) -> Any:
    """Conditions count 0 and 1 in arithmetic; NumPy's own booleans would be or-ed."""
    if isinstance(data, np.ndarray):
        return data.astype(np.float64) if data.dtype == _BOOL else data
    return np.float64(data)


def _equal(left: Any, right: Any) -> Any:
    return np.abs(left - right) < EQUAL_WITHIN


def _different(left: Any, right: Any) -> Any:
    return np.logical_not(_equal(left, right))


_TEXT_OPERATIONS: Mapping[int, Callable[[Any, Any], Any]] = {
    NodeOperator.EQUAL: operator.eq,
    NodeOperator.NOT_EQUAL: operator.ne,
    NodeOperator.PLUS: operator.add,
}

_OPERATIONS: Mapping[int, Callable[[Any, Any], Any]] = {
    NodeOperator.SMALLER: np.less,
    NodeOperator.BIGGER: np.greater,
    NodeOperator.SMALLER_EQUAL: np.less_equal,
    NodeOperator.BIGGER_EQUAL: np.greater_equal,
    NodeOperator.EQUAL: _equal,
    NodeOperator.NOT_EQUAL: _different,
    NodeOperator.AND: np.logical_and,
    NodeOperator.OR: np.logical_or,
    NodeOperator.PLUS: np.add,
    NodeOperator.MINUS: np.subtract,
    NodeOperator.MULTIPLY: np.multiply,
    NodeOperator.DIVIDE: np.divide,
}
