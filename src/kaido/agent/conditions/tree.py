"""The condition tree of the wire: checked, and laid out as the steps of a stack machine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaido.agent.conditions.functions import FUNCTIONS, Function, Kind
from kaido.agent.errors import UnusableError
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

MAX_DEPTH = 32
"""Levels of a tree. The protobuf library reads little more."""
MAX_NODES = 1_000

_CODE = pb.NodeOperator
_ORDER = (_CODE.SMALLER, _CODE.BIGGER, _CODE.SMALLER_EQUAL, _CODE.BIGGER_EQUAL)
_EQUALITY = (_CODE.EQUAL, _CODE.NOT_EQUAL)
_LOGIC = (_CODE.AND, _CODE.OR, _CODE.NOT)
_ARITHMETIC = (_CODE.PLUS, _CODE.MINUS, _CODE.MULTIPLY, _CODE.DIVIDE)


@dataclass(frozen=True)
class Literal:
    """Push a value."""

    value: float | bool | str


@dataclass(frozen=True)
class Signal:
    """Push the newest value of a signal, which is a number or a text."""

    signal_id: int
    is_text: bool = False


@dataclass(frozen=True)
class Window:
    """Push what a fixed window of a signal gave; ``which`` is a ``WindowFunction.Type``."""

    signal_id: int
    which: int


@dataclass(frozen=True)
class Operation:
    """Combine the topmost values, numbers or texts; ``code`` is a ``NodeOperator.Code``."""

    code: int
    is_text: bool = False


@dataclass(frozen=True)
class IsNull:
    """Whether the topmost value is none."""


@dataclass(frozen=True)
class Call:
    """Hand the topmost values to a function."""

    function: Function
    arguments: int


Step = Literal | Signal | Window | Operation | IsNull | Call


@dataclass(frozen=True)
class Tree:
    """A condition that makes sense.

    Attributes:
        steps: in the order in which they are taken.
        signals: the ids of the signals that it looks at.
        windows: those whose windows it looks at.
    """

    steps: tuple[Step, ...]
    signals: frozenset[int] = field(init=False)
    windows: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        windows = frozenset(step.signal_id for step in self.steps if isinstance(step, Window))
        signals = frozenset(step.signal_id for step in self.steps if isinstance(step, Signal))
        object.__setattr__(self, "windows", windows)
        object.__setattr__(self, "signals", signals | windows)


def read_tree(
    node: pb.ConditionNode,
    signals: Container[int] | None = None,
    windows: Container[int] = (),
    functions: Mapping[str, Function] = FUNCTIONS,
    texts: Container[int] = (),
) -> Tree:
    """The condition of a message, without recursion.

    Args:
        node: the root.
        signals: the ids that the manifest has; None to let all pass.
        windows: the ids of the signals that have fixed windows.
        functions: those that it may call, by name.
        texts: the ids of the signals that are strings.

    Raises:
        UnusableError: this agent cannot evaluate it.
    """
    reader = _Reader(signals, windows, functions, texts)
    waiting = [(node, 1, False)]
    count = 0
    while waiting:
        here, depth, entered = waiting.pop()
        if entered:
            reader.leave(here)
            continue
        count += 1
        if depth > MAX_DEPTH:
            raise UnusableError("condition", f"its condition nests more than {MAX_DEPTH} levels")
        if count > MAX_NODES:
            raise UnusableError("condition", f"its condition has more than {MAX_NODES:,} parts")
        waiting.append((here, depth, True))
        waiting.extend((child, depth + 1, False) for child in reversed(list(_children(here))))
    return reader.tree()


def _children(node: pb.ConditionNode) -> Iterator[pb.ConditionNode]:
    match node.WhichOneof("node"):
        case "operator":
            yield node.operator.left
            if node.operator.operator != _CODE.NOT:
                yield node.operator.right
        case "function" if node.function.HasField("is_null"):
            yield node.function.is_null.expression
        case "function" if node.function.HasField("custom"):
            yield from node.function.custom.params


class _Reader:
    """Checks a node when all below it are checked, and writes its step behind theirs."""

    def __init__(
        self,
        signals: Container[int] | None,
        windows: Container[int],
        functions: Mapping[str, Function],
        texts: Container[int],
    ) -> None:
        self._signals = signals
        self._windows = windows
        self._functions = functions
        self._texts = texts
        self._steps: list[Step] = []
        self._kinds: list[Kind] = []

    def tree(self) -> Tree:
        """What was read."""
        if self._kinds.pop() is Kind.STRING:
            raise UnusableError("condition", "its condition is a string, which neither holds nor does not")
        return Tree(tuple(self._steps))

    def leave(self, node: pb.ConditionNode) -> None:
        """Take a node."""
        match node.WhichOneof("node"):
            case "double_value":
                self._push(Literal(node.double_value), Kind.NUMBER)
            case "bool_value":
                self._push(Literal(node.bool_value), Kind.CONDITION)
            case "string_value":
                self._push(Literal(node.string_value), Kind.STRING)
            case "signal_id":
                is_text = self._known(node.signal_id) in self._texts
                self._push(Signal(node.signal_id, is_text), Kind.STRING if is_text else Kind.NUMBER)
            case "operator":
                self._operation(node.operator.operator)
            case "function":
                self._function(node.function)
            case "primitive_in_complex":
                raise UnusableError("unsupported", "its condition looks into a complex signal")
            case _:
                raise UnusableError("condition", "a part of its condition is empty")

    def _push(self, step: Step, kind: Kind) -> None:
        self._steps.append(step)
        self._kinds.append(kind)

    def _known(self, signal_id: int) -> int:
        if self._signals is not None and signal_id not in self._signals:
            raise UnusableError("signal", f"its condition names signal {signal_id}, which the manifest does not have")
        return signal_id

    def _function(self, function: pb.NodeFunction) -> None:
        match function.WhichOneof("function"):
            case "window":
                signal_id = self._known(function.window.signal_id)
                if signal_id not in self._windows:
                    raise UnusableError(
                        "window", f"its condition asks for windows of signal {signal_id}, which has none"
                    )
                if signal_id in self._texts:
                    raise UnusableError("type", f"its condition asks for windows of signal {signal_id}, a string")
                if function.window.window_type not in pb.WindowFunction.Type.values():
                    raise UnusableError("unsupported", f"it asks for window {function.window.window_type}")
                self._push(Window(signal_id, function.window.window_type), Kind.NUMBER)
            case "is_null":
                self._kinds.pop()
                self._push(IsNull(), Kind.CONDITION)
            case "custom":
                self._call(function.custom.function_name, len(function.custom.params))
            case _:
                raise UnusableError("unsupported", "its condition calls a function of a kind that is not known here")

    def _call(self, name: str, count: int) -> None:
        function = self._functions.get(name)
        if function is None:
            raise UnusableError("function", f"its condition calls {name!r}, which this agent does not know")
        if not function.takes(count):
            raise UnusableError("type", f"its condition hands {count} arguments to {name!r}")
        for place, kind in enumerate(self._pop(count)):
            wanted = function.parameter(place)
            if (kind is Kind.STRING) is not (wanted is Kind.STRING):
                raise UnusableError("type", f"{name!r} wants a {wanted}, and its argument {place + 1} is a {kind}")
        self._push(Call(function, count), function.result)

    def _operation(self, code: int) -> None:
        kinds = self._pop(1 if code == _CODE.NOT else 2)
        strings = kinds.count(Kind.STRING)
        if strings == 2 and code in (*_EQUALITY, _CODE.PLUS):  # noqa: PLR2004  # both
            is_joined = code == _CODE.PLUS
            self._push(Operation(code, is_text=True), Kind.STRING if is_joined else Kind.CONDITION)
        elif strings:
            raise UnusableError("type", f"its condition has {' and a '.join(kinds)} at {_name(code)}")
        elif code in (*_ORDER, *_EQUALITY, *_LOGIC):
            self._push(Operation(code), Kind.CONDITION)
        elif code in _ARITHMETIC:
            self._push(Operation(code), Kind.NUMBER)
        else:
            raise UnusableError("unsupported", f"its condition has the operator {code}")

    def _pop(self, count: int) -> Sequence[Kind]:
        kinds = self._kinds[len(self._kinds) - count :]
        del self._kinds[len(self._kinds) - count :]
        return kinds


def _name(code: int) -> str:
    return pb.NodeOperator.Code.Name(code) if code in pb.NodeOperator.Code.values() else str(code)
