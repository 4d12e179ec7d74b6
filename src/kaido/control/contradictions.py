"""What in a campaign cannot be meant together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.control.selection import is_pattern
from kaido.expressions.syntax import NAME, RESERVED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.control.spec import CampaignSpec

MAX_PATTERNS = 200
"""Each is held against every signal of every decoder manifest."""

_OF_CONDITIONS = ("minimum_interval", "trigger", "before", "after")


def first_contradiction(spec: CampaignSpec) -> str | None:
    """What cannot be, as a sentence; None where all fits together."""
    return next(_all(spec), None)


def _all(spec: CampaignSpec) -> Iterator[str]:
    yield from _when(spec)
    yield from _rings(spec)
    yield from _signals(spec)
    yield from _partitions(spec)
    for name in spec.functions:
        if "." in name or not NAME.fullmatch(name) or name.casefold() in RESERVED:
            yield f"functions: {name!r} cannot be the name of a function of yours"


def _when(spec: CampaignSpec) -> Iterator[str]:
    if spec.period is None and spec.condition is None:
        yield "it says neither `period` nor `condition`. Write period: 1s, or condition: Vehicle.Speed > 100"
    if spec.period is not None and spec.condition is not None:
        yield "`period` and `condition` contradict each other: it is sent by the clock, or when something happens"
    for name in _OF_CONDITIONS:
        if spec.condition is None and getattr(spec, name) is not None:
            yield f"`{name}` belongs to a campaign with a `condition`"
    if spec.condition is not None and spec.every_sample:
        yield "`every_sample` belongs to a campaign with a `period`. Write how many samples in `before`"


def _rings(spec: CampaignSpec) -> Iterator[str]:
    if spec.every_sample and spec.minimum_sample_period:
        yield "every_sample and minimum_sample_period contradict each other"
    if spec.before is not None and spec.buffer is not None:
        yield "`before` and `buffer` both say how many samples are kept. Leave one out"


def _signals(spec: CampaignSpec) -> Iterator[str]:
    if (patterns := sum(is_pattern(wish.path) for wish in spec.signals)) > MAX_PATTERNS:
        yield f"signals: {patterns} patterns, of {MAX_PATTERNS} at most. Paths without * and ? are not counted"
    has_conditions = any(True for _ in spec.conditions())
    for place, wish in enumerate(spec.signals):
        if not has_conditions and (wish.window is not None or wish.condition_only):
            name = "window" if wish.window is not None else "condition_only"
            yield f"signals[{place}].{name} makes sense with a `condition` only"
    if all(wish.condition_only for wish in spec.signals) and not spec.include_active_dtcs:
        yield "nothing would be collected: all signals are `condition_only`"


def _partitions(spec: CampaignSpec) -> Iterator[str]:
    names = [one.name for one in spec.partitions]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        yield f"partitions: two are named '{twice}'"
    for place, wish in enumerate(spec.signals):
        if wish.partition is not None and wish.partition not in names:
            known = f"there is {', '.join(names)}" if names else "the campaign has no `partitions`"
            yield f"signals[{place}].partition: no partition '{wish.partition}'; {known}"
