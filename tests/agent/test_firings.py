"""Dry runs say what an agent would have done."""

from __future__ import annotations

import numpy as np
import pytest

from kaido.agent.collection import Collection
from kaido.agent.errors import UnusableError
from kaido.agent.firings import Recorded, firings
from kaido.agent.scheme import Scheme, read_schemes
from kaido.bench.bus import Bus
from kaido.can.decode import Decoder
from kaido.runtime.status import Report
from kaido.wire import kaido_wire_pb2 as pb
from tests.agent.condition_helpers import message

BUS = Bus(messages=5)
MANIFEST = BUS.manifest()
FRAMES = BUS.frames(20_000)
MOVING = next(number for number, one in zip(MANIFEST.ids, MANIFEST.signals, strict=True) if one.length >= 12)


def asked() -> pb.CollectionScheme:
    signal = MANIFEST.signals[MANIFEST.ids.index(MOVING)]
    _, values = Decoder([signal]).columns(FRAMES)[signal.path]
    signals = [{"signal_id": number, "sample_buffer_size": 20} for number in MANIFEST.ids[:4]]
    scheme = message(
        (MOVING, ">", float(np.median(values))), *signals, mode=pb.RISING_EDGE, interval=200, after=50,
        manifest=MANIFEST.sync_id,
    )  # fmt: skip
    scheme.compress_collected_data = True
    scheme.start_time_ms_epoch, scheme.expiry_time_ms_epoch = 5, 6
    return scheme


def test_frames_and_samples_give_what_the_agent_sends() -> None:
    chunks = [FRAMES.take(slice(start, start + 777)) for start in range(0, len(FRAMES), 777)]
    found = list(firings(asked(), MANIFEST, chunks))
    assert found

    rows = Decoder(MANIFEST.signals).rows(FRAMES)
    ids = np.array(MANIFEST.ids, np.uint32)[rows.signal_index]
    strangers = Recorded(
        np.repeat(rows.time_us, 2), np.stack([ids, np.full_like(ids, 999)], axis=1).ravel(), np.repeat(rows.value, 2)
    )
    assert list(firings(asked(), MANIFEST, [strangers])) == found

    (scheme,) = read_schemes(pb.CollectionSchemes(collection_schemes=[asked()]), MANIFEST.sync_id)
    assert isinstance(scheme, Scheme)
    report = Report("agent")
    collection = Collection("t", report, recorded=True, most=10**6)
    collection.replace(MANIFEST, {"c@1": scheme}, 5)
    payloads = [*collection.add(FRAMES, 0), *collection.flush()]
    # An event's id is random, and its varint may be shorter.
    assert sum(one.bytes for one in found) == pytest.approx(
        sum(len(one.payload) for one in payloads), abs=8 * len(payloads)
    )
    assert sum(one.payloads for one in found) == len(payloads)
    assert sum(one.samples for one in found) == report.counters["samples_total"]


def test_a_time_based_scheme_fires_too() -> None:
    scheme = asked()
    scheme.time_based.period_ms = 1_000
    found = list(firings(scheme, MANIFEST, [FRAMES]))
    assert len(found) == 5
    assert all(one.samples == 80 for one in found)


def test_what_agents_skip_is_refused_with_the_reason() -> None:
    with pytest.raises(UnusableError, match="signal 999") as caught:
        list(firings(message((999, ">", 1.0), manifest=MANIFEST.sync_id), MANIFEST, [FRAMES]))
    assert caught.value.reason == "signal"


def test_an_empty_recording_fires_nothing() -> None:
    none = Recorded(np.empty(0, np.int64), np.empty(0, np.uint32), np.empty(0))
    assert not list(firings(asked(), MANIFEST, []))
    assert not list(firings(asked(), MANIFEST, [none, FRAMES.take(slice(0, 0))]))
