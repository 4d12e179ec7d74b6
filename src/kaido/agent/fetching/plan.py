"""What a scheme says about fetching: which signal, when, and by which actions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kaido.agent.conditions.functions import FUNCTIONS
from kaido.agent.conditions.tree import Tree, read_tree
from kaido.agent.errors import UnusableError
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from kaido.agent.conditions.functions import Function

MAX_FETCHES = 1_000
MAX_ACTIONS = 16
SHORTEST_MS = 100
"""Actions talk to ECUs over a bus that others need too."""


@dataclass(frozen=True)
class Action:
    """A call of a function that fetches."""

    name: str
    parameters: tuple[float | bool | str, ...] = ()


@dataclass(frozen=True)
class Periodically:
    """Every so often, at most so many times in a span.

    Attributes:
        every_ms: from one time to the next.
        most: times in each ``reset_ms``; 0 for any number.
        reset_ms: after which the count begins anew; 0 for never.
    """

    every_ms: int
    most: int
    reset_ms: int


@dataclass(frozen=True)
class OnCondition:
    """When a condition holds, at every look at it or when it begins to.

    Attributes:
        minimum_period_ms: by signal id, of those that the condition looks at: samples that come sooner are left out.
        window_ms: by signal id how long its fixed windows are.
    """

    condition: Tree
    rising_edge: bool
    minimum_period_ms: Mapping[int, int]
    window_ms: Mapping[int, int]


@dataclass(frozen=True)
class Fetch:
    """One signal to be fetched. Of several actions the first that gives a value counts."""

    signal_id: int
    when: Periodically | OnCondition
    actions: tuple[Action, ...]


def read_fetches(
    scheme: pb.CollectionScheme,
    signals: Container[int] | None = None,
    functions: Mapping[str, Function] = FUNCTIONS,
    actions: Container[str] = (),
    texts: Container[int] = (),
) -> tuple[Fetch, ...]:
    """What a scheme wants fetched.

    Args:
        scheme: the scheme.
        signals: the ids of its manifest's signals; without them it may name any.
        functions: the custom functions that conditions may call.
        actions: the names of those that fetch.
        texts: the ids of the signals that are strings.

    Raises:
        UnusableError: this agent cannot do it.
    """
    if len(scheme.signal_fetch_information) > MAX_FETCHES:
        raise UnusableError("invalid", f"it fetches more than {MAX_FETCHES:,} times")
    minimum = {info.signal_id: info.minimum_sample_period_ms for info in scheme.signal_information}
    windows = {info.signal_id: info.fixed_window_period_ms for info in scheme.signal_information}
    windows = {signal_id: period for signal_id, period in windows.items() if period}
    found = []
    for one in scheme.signal_fetch_information:
        if signals is not None and one.signal_id not in signals:
            raise UnusableError("signal", f"it fetches signal {one.signal_id}, which the manifest does not have")
        when: Periodically | OnCondition
        match one.WhichOneof("fetch_type"):
            case "time_based":
                when = _periodically(one)
            case "condition_based":
                tree = read_tree(one.condition_based.condition_tree, signals, windows, functions, texts)
                when = OnCondition(
                    tree,
                    one.condition_based.trigger_mode == pb.RISING_EDGE,
                    {signal_id: minimum.get(signal_id, 0) for signal_id in tree.signals},
                    {signal_id: windows[signal_id] for signal_id in tree.windows},
                )
            case _:
                raise UnusableError("unsupported", f"it does not say when to fetch signal {one.signal_id}")
        found.append(Fetch(one.signal_id, when, tuple(_actions(one, actions))))
    return tuple(found)


def _periodically(one: pb.FetchInformation) -> Periodically:
    asked = one.time_based
    if asked.execution_frequency_ms < SHORTEST_MS:
        raise UnusableError(
            "invalid",
            f"it fetches signal {one.signal_id} every {asked.execution_frequency_ms} ms; {SHORTEST_MS} are the least",
        )
    return Periodically(
        asked.execution_frequency_ms, asked.max_execution_count, asked.reset_max_execution_count_interval_ms
    )


def _actions(one: pb.FetchInformation, known: Container[str]) -> Iterator[Action]:
    if not 0 < len(one.actions) <= MAX_ACTIONS:
        raise UnusableError("invalid", f"it fetches signal {one.signal_id} by {len(one.actions)} actions")
    for node in one.actions:
        if node.WhichOneof("node") != "function" or node.function.WhichOneof("function") != "custom":
            raise UnusableError("unsupported", f"what fetches signal {one.signal_id} is no function's call")
        call = node.function.custom
        if call.function_name not in known:
            raise UnusableError("function", f"it fetches by {call.function_name!r}, which this agent does not know")
        yield Action(call.function_name, tuple(_literal(parameter, one.signal_id) for parameter in call.params))


def _literal(node: pb.ConditionNode, signal_id: int) -> float | bool | str:
    match node.WhichOneof("node"):
        case "double_value":
            return node.double_value
        case "bool_value":
            return node.bool_value
        case "string_value":
            return node.string_value
    raise UnusableError("unsupported", f"a parameter of what fetches signal {signal_id} is no plain value")
