"""Condition-based schemes, one sample after the other: slow, plain, and sharing nothing with the agent.

It follows ``docs/decisions/0011-conditions.md``.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from kaido.wire import kaido_wire_pb2 as pb

_CODE = pb.NodeOperator
STEP_BACK_US = 60_000_000

Sample = tuple[int, int, float | str]
"""Time in µs, signal id, value."""
Event = tuple[int, list[Sample]]
"""Time of the trigger in ms, samples in the order of their arrival."""
Value = float | bool | str | None


@dataclass
class Windows:
    period_us: int
    begin_us: int | None = None
    samples: dict[int, list[float]] = field(default_factory=dict)

    def number(self, clock_us: int) -> int:
        assert self.begin_us is not None
        return (clock_us - self.begin_us) // self.period_us

    def add(self, clock_us: int, value: float) -> None:
        if self.begin_us is None:
            self.begin_us = clock_us
        self.samples.setdefault(self.number(clock_us), []).append(value)

    def result(self, clock_us: int, which: int) -> float | None:
        if self.begin_us is None:
            return None
        found = self.samples.get(self.number(clock_us) - (1 if which < 3 else 2))
        if found is None:
            return None
        if which % 3 == 2:
            total = 0.0
            for value in found:
                total += value
            return total / len(found)
        if any(math.isnan(value) for value in found):
            return math.nan
        return min(found) if which % 3 == 0 else max(found)


class Reference:
    def __init__(self, scheme: pb.CollectionScheme, known: set[int]) -> None:
        self.asked = scheme.condition_based
        self.after_us = scheme.after_duration_ms * 1_000
        self.interval_us = self.asked.minimum_interval_ms * 1_000
        self.information = {one.signal_id: one for one in scheme.signal_information if one.signal_id in known}
        self.used = used_by(self.asked.condition_tree) & known
        self.uses_signals = bool(used_by(self.asked.condition_tree))
        self.events: list[Event] = []
        self.newest: dict[int, float | str] = {}
        self.seen_true = True
        self.clock_us: int | None = None
        self.arrived = 0
        self.forget()

    def forget(self) -> None:
        self.taken_us: dict[int, int] = {}
        self.windows = {
            key: Windows(one.fixed_window_period_ms * 1_000)
            for key, one in self.information.items()
            if one.fixed_window_period_ms
        }
        self.rings = {
            key: deque[tuple[int, Sample]](maxlen=max(1, one.sample_buffer_size))
            for key, one in self.information.items()
            if not one.condition_only_signal
        }
        self.triggered_us: int | None = None
        self.collecting: list[tuple[int, Sample]] | None = None

    def frame(self, time_us: int, samples: list[tuple[int, float | str]]) -> None:
        if self.clock_us is not None and time_us < self.clock_us - STEP_BACK_US:
            self.end()
            self.clock_us = None
        self.clock_us = time_us if self.clock_us is None else max(self.clock_us, time_us)
        self.advance(self.clock_us)
        taken = [self.take(time_us, self.clock_us, *one) for one in samples]
        touched = {key for (key, _), was in zip(samples, taken, strict=True) if was}
        if touched & self.used if self.uses_signals else touched:
            self.look(self.clock_us)

    def advance(self, clock_us: int) -> None:
        if self.collecting is not None and clock_us >= (self.triggered_us or 0) + self.after_us:
            self.send()

    def end(self) -> None:
        if self.collecting is not None:
            self.send()
        self.forget()

    def take(self, time_us: int, clock_us: int, key: int, value: float | str) -> bool:
        if key not in self.information and key not in self.used:
            return False
        minimum_us = self.information[key].minimum_sample_period_ms * 1_000 if key in self.information else 0
        if key in self.taken_us and clock_us - self.taken_us[key] < minimum_us:
            return False
        self.taken_us[key] = clock_us
        self.newest[key] = value
        if key in self.windows and not isinstance(value, str):
            self.windows[key].add(clock_us, value)
        if key in self.rings:
            self.arrived += 1
            place = self.rings[key] if self.collecting is None else self.collecting
            place.append((self.arrived, (time_us, key, value)))
        return True

    def look(self, clock_us: int) -> None:
        result = self.evaluate(self.asked.condition_tree, clock_us)
        if result is None or not result:
            self.seen_true = False
            return
        assert not isinstance(result, str)
        if self.triggered_us is not None and clock_us < self.triggered_us + self.interval_us:
            return
        rises = not self.seen_true or self.asked.trigger_mode == pb.ALWAYS
        self.seen_true = True
        if rises and self.collecting is None:
            self.triggered_us = clock_us
            self.collecting = [row for ring in self.rings.values() for row in ring]
            for ring in self.rings.values():
                ring.clear()
            if not self.after_us:
                self.send()

    def send(self) -> None:
        assert self.collecting is not None
        assert self.triggered_us is not None
        self.events.append((self.triggered_us // 1_000, [sample for _, sample in sorted(self.collecting)]))
        self.collecting = None

    def evaluate(self, node: pb.ConditionNode, clock_us: int) -> Value:
        match node.WhichOneof("node"):
            case "double_value" | "bool_value" | "string_value" as literal:
                return getattr(node, literal)  # type: ignore[no-any-return]
            case "signal_id":
                return self.newest.get(node.signal_id)
            case "function":
                return self.function(node.function, clock_us)
        operator = node.operator
        left = self.evaluate(operator.left, clock_us)
        if operator.operator == operator.NOT:
            return None if left is None else not left
        right = self.evaluate(operator.right, clock_us)
        if left is None or right is None:
            return None
        return combine(operator.operator, left, right)

    def function(self, function: pb.NodeFunction, clock_us: int) -> Value:
        kind = function.WhichOneof("function")
        if kind == "is_null":
            return self.evaluate(function.is_null.expression, clock_us) is None
        if kind == "window":
            one = function.window
            return (
                self.windows[one.signal_id].result(clock_us, one.window_type) if one.signal_id in self.windows else None
            )
        arguments = [self.evaluate(one, clock_us) for one in function.custom.params]
        numbers: list[float] = []
        for argument in arguments:
            if argument is None:
                return None
            numbers.append(float(argument))
        return call(function.custom.function_name, numbers)


def used_by(node: pb.ConditionNode) -> set[int]:
    kind = node.WhichOneof("node")
    if kind == "signal_id":
        return {node.signal_id}
    if kind == "operator":
        return used_by(node.operator.left) | used_by(node.operator.right)
    if kind == "function":
        if node.function.WhichOneof("function") == "window":
            return {node.function.window.signal_id}
        if node.function.WhichOneof("function") == "is_null":
            return used_by(node.function.is_null.expression)
        return {key for one in node.function.custom.params for key in used_by(one)}
    return set()


def combine(code: int, left: float | bool | str, right: float | bool | str) -> Value:
    if isinstance(left, str) or isinstance(right, str):
        assert isinstance(left, str)
        assert isinstance(right, str)
        if code == _CODE.PLUS:
            return left + right
        assert code in (_CODE.EQUAL, _CODE.NOT_EQUAL)
        return (left == right) == (code == _CODE.EQUAL)
    a, b = float(left), float(right)
    near = abs(a - b) < 0.001
    results: dict[int, Value] = {
        _CODE.SMALLER: a < b,
        _CODE.BIGGER: a > b,
        _CODE.SMALLER_EQUAL: a <= b,
        _CODE.BIGGER_EQUAL: a >= b,
        _CODE.EQUAL: near,
        _CODE.NOT_EQUAL: not near,
        _CODE.AND: bool(left) and bool(right),
        _CODE.OR: bool(left) or bool(right),
        _CODE.PLUS: a + b,
        _CODE.MINUS: a - b,
        _CODE.MULTIPLY: a * b,
        _CODE.DIVIDE: divide(a, b),
    }
    return results[code]


def divide(a: float, b: float) -> float:
    """As IEEE 754 has it."""
    if b != 0:
        return a / b
    if a == 0 or math.isnan(a) or math.isnan(b):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def call(name: str, numbers: list[float]) -> float:
    if name == "abs":
        return abs(numbers[0])
    if name in ("ceil", "floor"):
        (number,) = numbers
        if not math.isfinite(number):
            return number
        whole = math.ceil(number) if name == "ceil" else math.floor(number)
        return float(whole) or math.copysign(0.0, number)  # IEEE 754 has a zero below zero
    found = numbers[0]
    for number in numbers[1:]:
        if number < found if name == "min" else number > found:
            found = number
    return found
