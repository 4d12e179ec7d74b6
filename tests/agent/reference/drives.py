"""Random conditions, schemes and drives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    import random

NUMBERS = (11, 12, 13, 14)
TEXTS = (15, 16)
KNOWN = (*NUMBERS, *TEXTS)
"""The ids of the manifest's signals."""
FOREIGN = 99

Frame = tuple[int, list[tuple[int, float | str]]]
"""Time in µs, and the samples: signal ids and values."""

_CODE = pb.NodeOperator
_VALUES = (0.0, 0.0, 1.0, 1.0, 2.0, 3.0, -1.0, -2.5, 0.5, 1.0005, 2.0015, 100.0, 1e308, float("inf"), float("nan"))
_WORDS = ("", "a", "b", "ab", "ß")
_GAPS_US = (0, 0, 1, 300, 1_000, 1_000, 3_000, 10_000, 10_000, 40_000, 250_000, -2_000, -130_000_000)


@dataclass(frozen=True)
class Case:
    scheme: pb.CollectionScheme
    frames: list[Frame]
    cuts: list[int]


def case(chance: random.Random, frames: int) -> Case:
    drawn = scheme(chance)
    return Case(drawn, drive(chance, frames), sorted(chance.randrange(frames + 1) for _ in range(chance.randrange(8))))


def drive(chance: random.Random, frames: int) -> list[Frame]:
    steps = chance.choices(_GAPS_US, weights=[*[6] * (len(_GAPS_US) - 2), 2, chance.choice([0, 0, 0.3])], k=frames)
    seen = chance.sample(KNOWN, chance.choice([2, 4, 6, 6]))
    pool: list[float | str] = [*chance.sample(_VALUES, chance.randint(2, 5))]
    words: list[float | str] = [*_WORDS]
    time_us, found = 1_000_000_000_000_000, []
    for step in steps:
        time_us += step
        signals = chance.sample(seen, chance.randint(0, len(seen)))
        found.append((time_us, [(key, chance.choice(words if key in TEXTS else pool)) for key in signals]))
    return found


def scheme(chance: random.Random) -> pb.CollectionScheme:
    made = pb.CollectionScheme(
        campaign_sync_id="c@1",
        decoder_manifest_sync_id="m@1",
        start_time_ms_epoch=0,
        expiry_time_ms_epoch=1 << 62,
        after_duration_ms=chance.choice([0, 0, 0, 1, 5, 30, 400]),
    )
    windows = []
    for key in chance.sample([*KNOWN, FOREIGN], chance.choice([0, 2, 4, 6, 7])):
        window = chance.choice([0, 1, 2, 10, 100])
        made.signal_information.add(
            signal_id=key,
            sample_buffer_size=chance.choice([0, 1, 2, 3, 10, 1000]),
            minimum_sample_period_ms=chance.choice([0, 0, 0, 1, 5, 20]),
            fixed_window_period_ms=window,
            condition_only_signal=chance.random() < 0.3,
        )
        if window and key in NUMBERS:
            windows.append(key)
    asked = made.condition_based
    asked.minimum_interval_ms = chance.choice([0, 0, 0, 1, 10, 50, 500])
    asked.trigger_mode = chance.choice([pb.ALWAYS, pb.RISING_EDGE])
    asked.condition_tree.CopyFrom(condition(chance, chance.randint(0, 5), windows))
    return made


def condition(chance: random.Random, depth: int, windows: list[int]) -> pb.ConditionNode:
    if depth <= 0:
        return chance.choice([leaf, leaf, leaf, truth])(chance, windows)
    kind = chance.randrange(10)
    if kind < 4:
        codes = [_CODE.SMALLER, _CODE.BIGGER, _CODE.SMALLER_EQUAL, _CODE.BIGGER_EQUAL, _CODE.EQUAL, _CODE.NOT_EQUAL]
        return operation(chance.choice(codes), number(chance, depth - 1, windows), number(chance, depth - 1, windows))
    if kind < 7:
        code = chance.choice([_CODE.AND, _CODE.OR])
        return operation(code, condition(chance, depth - 1, windows), condition(chance, depth - 1, windows))
    if kind == 7:
        return operation(_CODE.NOT, condition(chance, depth - 1, windows))
    if kind == 8:
        asked = string(chance, depth - 1) if chance.random() < 0.3 else number(chance, depth - 1, windows)
        return function(is_null=pb.IsNullFunction(expression=asked))
    code = chance.choice([_CODE.EQUAL, _CODE.NOT_EQUAL])
    return operation(code, string(chance, depth - 1), string(chance, depth - 1))


def number(chance: random.Random, depth: int, windows: list[int]) -> pb.ConditionNode:
    if depth <= 0:
        return leaf(chance, windows)
    kind = chance.randrange(10)
    if kind < 5:
        code = chance.choice([_CODE.PLUS, _CODE.MINUS, _CODE.MULTIPLY, _CODE.DIVIDE])
        return operation(code, number(chance, depth - 1, windows), number(chance, depth - 1, windows))
    if kind == 5:
        return condition(chance, depth - 1, windows)
    if kind == 6:
        name, count = chance.choice([("abs", 1), ("ceil", 1), ("floor", 1), ("min", 2), ("max", 3)])
        params = [number(chance, depth - 1, windows) for _ in range(count)]
        return function(custom=pb.CustomFunction(function_name=name, params=params))
    return leaf(chance, windows)


def leaf(chance: random.Random, windows: list[int]) -> pb.ConditionNode:
    kind = chance.randrange(10)
    if kind < 2:
        return pb.ConditionNode(double_value=chance.choice(_VALUES))
    if kind < 4 and windows:
        which = chance.randrange(6)
        return function(window=pb.WindowFunction(signal_id=chance.choice(windows), window_type=which))  # type: ignore[arg-type]  # an enum's number
    return pb.ConditionNode(signal_id=chance.choice(NUMBERS))


def truth(chance: random.Random, _windows: list[int]) -> pb.ConditionNode:
    return pb.ConditionNode(bool_value=chance.random() < 0.5)


def string(chance: random.Random, depth: int) -> pb.ConditionNode:
    if depth > 0 and chance.random() < 0.3:
        return operation(_CODE.PLUS, string(chance, depth - 1), string(chance, depth - 1))
    if chance.random() < 0.6:
        return pb.ConditionNode(signal_id=chance.choice(TEXTS))
    return pb.ConditionNode(string_value=chance.choice(_WORDS))


def operation(code: int, left: pb.ConditionNode, right: pb.ConditionNode | None = None) -> pb.ConditionNode:
    return pb.ConditionNode(operator=pb.NodeOperator(operator=code, left=left, right=right))  # type: ignore[arg-type]  # an enum's number


def function(**kind: pb.WindowFunction | pb.CustomFunction | pb.IsNullFunction) -> pb.ConditionNode:
    return pb.ConditionNode(function=pb.NodeFunction(**kind))  # type: ignore[arg-type]  # one of three
