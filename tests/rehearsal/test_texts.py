"""Conditions on signals that are texts, over what the lake has of them."""

from __future__ import annotations

import pyarrow as pa

from kaido.agent.firings import firings
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.named_signal import NamedSignal
from kaido.control import read_spec
from kaido.rehearsal import Runnable, runnable
from kaido.rehearsal.history import recorded
from kaido.rehearsal.witness import Account
from tests.rehearsal.drives import CAR, SPEED, rows

STATE, PLACE = "Vehicle.LowVoltageSystemState", "Vehicle.Place"
NAMED = DecoderManifest.of("car", CAR.signals, values=[NamedSignal(STATE, "string"), NamedSignal(PLACE, "string")])


def told(signal: str, words: dict[int, str]) -> pa.Table:
    """Texts by the second."""
    table = rows("car-1", signal, [second * 1_000_000 for second in words], [0.0] * len(words))
    table = table.set_column(3, "value", pa.nulls(len(table), pa.float64()))
    place = table.schema.get_field_index("text")
    return table.set_column(place, "text", pa.array(list(words.values()), pa.string()))


def test_they_fire_as_in_the_vehicle() -> None:
    condition = f'{STATE} == "ON" and {STATE} != {PLACE} and {SPEED} > 10'
    spec = read_spec({"name": "on", "signals": [STATE, SPEED], "condition": condition, "trigger": "rising_edge"})
    run = runnable(spec, NAMED)
    assert isinstance(run, Runnable), run
    table = pa.concat_tables(
        [
            told(STATE, {1: "OFF", 3: "ON", 6: "OFF", 8: "ON"}),
            told(PLACE, {2: "street"}),
            told(SPEED, {2: "fast"}),  # of another manifest
            rows("car-1", SPEED, [2_000_000, 7_000_000], [20.0, 5.0]),
            rows("car-1", STATE, [4_000_000], [1.0]),
        ]
    )
    account = Account(run)
    ids = {path: number for number, path in run.paths.items()}
    found = list(firings(run.scheme, NAMED, [recorded(table, ids, NAMED.texts)], witness=account))
    assert [one.time_ms for one in found] == [3_000]
    assert list(account.triggered) == [{SPEED: 20.0, STATE: "ON", PLACE: "street"}]
    assert not account.unseen()
    assert [probe.text for probe in account.probes] == [f"{SPEED} > 10"]
