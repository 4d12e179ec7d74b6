"""Condition-based schemes over a recorded drive, on one core."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np

from kaido.agent.collection import Collection
from kaido.agent.firings import firings
from kaido.agent.scheme import Scheme, read_schemes
from kaido.bench.bus import FRAME_US, Bus
from kaido.bench.figure import Figure, Runs
from kaido.can.decode import Decoder
from kaido.errors import KaidoError
from kaido.runtime.status import Report
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.bench.options import BenchOptions
    from kaido.can.frames import Frames
    from kaido.catalog import DecoderManifest

FLOOR = 500_000.0
SCHEMES, SIGNALS = 50, 10
REPLAY_FRAMES, LIVE_FRAMES = 20_000, 100
"""Frames that come at once: a chunk of a recording, and what a busy bus brings in 25 ms."""
MOST_SAMPLES = 2_000_000
INTERVAL_MS, AFTER_MS, WINDOW_MS, RING = 5_000, 1_000, 1_000, 100
LONG_BITS = 8
"""Signals of so many bits move; shorter ones are flags that stand still."""

_CODE = pb.NodeOperator


class WrongTriggersError(KaidoError):
    """The agent triggers at other moments than NumPy says: its rate means nothing."""


def run(options: BenchOptions) -> list[Figure]:
    """Replay a made-up drive through 50 schemes of 10 signals: spread over the bus, and all of the same ten."""
    chance = random.Random(1)  # noqa: S311  # the same schemes every time
    wide, narrow = Bus(), Bus(messages=2, signals=20)
    spread = [chance.sample(wide.manifest().ids, SIGNALS) for _ in range(SCHEMES)]
    same = [narrow.manifest().ids[:SIGNALS]] * SCHEMES
    return [
        *_figures(options, "schemes spread over the bus", wide, spread),
        *_figures(options, "all schemes on the same ten signals", narrow, same),
    ]


def _figures(options: BenchOptions, name: str, bus: Bus, signals: Sequence[Sequence[int]]) -> list[Figure]:
    manifest = bus.manifest()
    frames = bus.frames(options.pick(400_000, 20_000))
    _check(manifest, frames)
    schemes = _schemes(manifest, signals)
    looked_at = {signal_id for ids in signals for signal_id in ids}
    messages = len({one.message_id for one in manifest.signals})
    samples = len(looked_at) * len(frames) / messages
    options.remark(
        f"{name}: {len(frames):,} frames, {samples:,.0f} samples of {len(looked_at)} signals that a scheme looks at; "
        f"the time is that of decoding, evaluating and writing payloads"
    )
    replay = options.repeat(lambda: _replay(manifest, schemes, frames, REPLAY_FRAMES))
    few = frames.take(slice(0, options.pick(40_000, 2_000)))
    live = options.repeat(lambda: _replay(manifest, schemes, few, LIVE_FRAMES), runs=min(options.runs, 3))
    with options.profiled(name):
        _replay(manifest, schemes, frames, REPLAY_FRAMES)
    speed = Runs(tuple(len(few) * FRAME_US / 1e6 / seconds for seconds in live.values))
    return [
        Figure.of(f"replay, {name}", replay.map_to_rate(samples), "samples/s", bound=FLOOR),
        Figure.of(f"{LIVE_FRAMES} frames at once, {name}", speed, "x a busy bus"),
    ]


def _replay(manifest: DecoderManifest, schemes: dict[str, Scheme], frames: Frames, at_once: int) -> int:
    """How many payloads a drive gives."""
    collection = Collection("signals", Report("bench"), recorded=True, most=MOST_SAMPLES)
    collection.replace(manifest, schemes, 1)
    payloads = 0
    for start in range(0, len(frames), at_once):
        payloads += sum(1 for _ in collection.add(frames.take(slice(start, start + at_once)), 0))
    return payloads + sum(1 for _ in collection.flush())


def _schemes(manifest: DecoderManifest, signals: Sequence[Sequence[int]]) -> dict[str, Scheme]:
    message = pb.CollectionSchemes()
    for number, ids in enumerate(signals):
        scheme = _scheme(manifest, ids, f"bench-{number}@1")
        first, second, third, fourth = ids[:4]
        mean = _function(window=pb.WindowFunction(signal_id=fourth, window_type=pb.WindowFunction.LAST_AVG))
        moving = _both(
            _operator(_CODE.BIGGER, _signal(first), _number(50)),
            _operator(_CODE.BIGGER, _operator(_CODE.PLUS, _signal(second), _signal(third)), _number(20)),
        )
        jumping = _operator(_CODE.BIGGER, _operator(_CODE.MINUS, _signal(fourth), mean), _number(5))
        scheme.condition_based.condition_tree.CopyFrom(_operator(_CODE.OR, moving, jumping))
        scheme.condition_based.trigger_mode = pb.RISING_EDGE if number % 2 else pb.ALWAYS
        message.collection_schemes.append(scheme)
    found = {
        one.sync_id: one for one in read_schemes(message, manifest.sync_id, manifest.ids) if isinstance(one, Scheme)
    }
    assert len(found) == len(signals)
    return found


def _scheme(manifest: DecoderManifest, ids: Sequence[int], sync_id: str) -> pb.CollectionScheme:
    scheme = pb.CollectionScheme(
        campaign_sync_id=sync_id,
        decoder_manifest_sync_id=manifest.sync_id,
        expiry_time_ms_epoch=1 << 62,
        after_duration_ms=AFTER_MS,
        compress_collected_data=True,
        condition_based=pb.ConditionBasedCollectionScheme(minimum_interval_ms=INTERVAL_MS),
    )
    for signal_id in ids:
        scheme.signal_information.add(signal_id=signal_id, sample_buffer_size=RING, fixed_window_period_ms=WINDOW_MS)
    return scheme


def _check(manifest: DecoderManifest, frames: Frames) -> None:
    """The rising edges of a signal, held against NumPy's."""
    signal_id, signal = next(
        pair for pair in zip(manifest.ids, manifest.signals, strict=True) if pair[1].length >= LONG_BITS
    )
    times, values = Decoder([signal]).columns(frames)[signal.path]
    middle = float(np.median(values))
    scheme = _scheme(manifest, [signal_id], "check@1")
    scheme.after_duration_ms = scheme.condition_based.minimum_interval_ms = 0
    scheme.condition_based.trigger_mode = pb.RISING_EDGE
    scheme.condition_based.condition_tree.CopyFrom(_operator(_CODE.BIGGER, _signal(signal_id), _number(middle)))
    above = values > middle
    expected = times[np.flatnonzero(above[1:] & ~above[:-1]) + 1] // 1_000
    found = [one.time_ms for one in firings(scheme, manifest, [frames])]
    if found != expected.tolist():
        raise WrongTriggersError(f"{signal.path} rises {len(expected)} times, and the agent says {len(found)}")


def _signal(signal_id: int) -> pb.ConditionNode:
    return pb.ConditionNode(signal_id=signal_id)


def _number(value: float) -> pb.ConditionNode:
    return pb.ConditionNode(double_value=value)


def _function(window: pb.WindowFunction) -> pb.ConditionNode:
    return pb.ConditionNode(function=pb.NodeFunction(window=window))


def _operator(code: pb.NodeOperator.Code, left: pb.ConditionNode, right: pb.ConditionNode) -> pb.ConditionNode:
    return pb.ConditionNode(operator=pb.NodeOperator(operator=code, left=left, right=right))


def _both(left: pb.ConditionNode, right: pb.ConditionNode) -> pb.ConditionNode:
    return _operator(_CODE.AND, left, right)
