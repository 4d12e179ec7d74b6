"""What vehicles send for campaigns is counted, exactly once, by campaign and vehicle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from kaido.control import Campaigns
from kaido.control.usage import Usage
from kaido.ingest.usage import Origins, count
from tests.ingest.conftest import PATHS

if TYPE_CHECKING:
    from tests.ingest.conftest import Plant

rows = st.lists(
    st.tuples(
        st.sampled_from(["car-1", "car-2"]),
        st.sampled_from(["", "a@1", "a@2", "b@1", "no sync id"]),
        st.integers(0, 3),
        st.integers(0, 1_000),
        st.sampled_from(["good", "bad", "lost", "other"]),
    ),
    max_size=30,
)


@settings(deadline=None)
@given(rows)
def test_counts_are_those_of_a_simple_loop(rows: list[tuple[str, str, int, int, str]]) -> None:
    expected: dict[tuple[str, str], dict[str, Any]] = {}
    for vehicle, campaign, event, size, what in rows:
        if what == "other":
            continue
        name = "" if what == "lost" else campaign.partition("@")[0]
        found = expected.setdefault((vehicle, name), {"bytes": 0, "events": set(), "quarantined": 0})
        found["bytes"] += size
        found["quarantined"] += what != "good"
        if what == "good":
            found["events"].add(event)
    known = [row for row, one in enumerate(rows) if one[4] in {"good", "bad"}]
    halves = [known[: len(known) // 2], known[len(known) // 2 :]]
    origins = [
        Origins(
            np.array(half, np.int64),
            pa.array([rows[row][1] for row in half], pa.string()),
            pa.array([rows[row][2] for row in half], pa.uint32()),
        )
        for half in halves
    ]
    unreadable = [row for row, one in enumerate(rows) if one[4] in {"bad", "lost"}]
    sizes = np.array([one[3] for one in rows], np.int64)
    table = count(pa.array([one[0] for one in rows], pa.string()), sizes, origins, unreadable)
    assert {
        (one["vehicle"], one["name"]): (one["bytes"], one["events"], one["quarantined"]) for one in table.to_pylist()
    } == {key: (one["bytes"], len(one["events"]), one["quarantined"]) for key, one in expected.items()}


async def test_what_comes_in_is_counted_once(plant: Plant) -> None:
    Campaigns(plant.store).create("acme", {"name": "all", "signals": PATHS, "period": "1s"})
    payloads = [plant.payload(event) for event in range(5)]
    wrong = plant.payload(9, sync_id="no@manifest")
    async with plant.ingest():
        await plant.publish([*payloads, payloads[0], wrong, b"\xff\xff"])
        await plant.settled(25)
        await plant.settled(2, "quarantine")
    usage = Usage(plant.store)
    total = usage.total("acme", "all")
    assert (total.vehicles, total.events, total.quarantined) == (1, 5, 1)
    assert total.bytes == sum(len(one) for one in [*payloads, wrong])
    assert total.last is not None
    unknown = usage.total("acme", "")
    assert (unknown.bytes, unknown.quarantined) == (2, 1)
