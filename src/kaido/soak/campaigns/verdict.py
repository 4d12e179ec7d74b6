"""What cars hold, what is in the lake and what became of commands, held against what the cars have on their disks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from kaido.lake import Lake
from kaido.soak.campaigns import outboxes
from kaido.soak.campaigns.cars import car_id, done, state
from kaido.soak.campaigns.changes import STEADY
from kaido.soak.campaigns.pulses import COUNT, HIGH_MS, LIFE, PERIOD_MS, PULSE, offset_ms
from kaido.soak.verdict import Check, check, files_of
from kaido.wire.kaido_wire_pb2 import CollectionSchemes

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from kaido.soak.campaigns.changes import Wanted
    from kaido.soak.campaigns.orders import Order

Standings = dict[str, list[dict[str, Any]]]
"""What the API says of each car and campaign, by campaign."""
Results = Mapping[str, dict[str, Any]]
"""What the API says of each command, by its id."""
CONVERGED = ("holds", "dropped")
NEVER_AT_CAR = ("expired before delivery", "rejected by policy", "cancelled")
OUTCOMES = ("succeeded", "failed", "timed out", *NEVER_AT_CAR)
_MEMORY_MB = 2_000


def convergence(wanted: Mapping[str, Wanted], standings: Standings, cars: int) -> list[Check]:
    """What the API says that cars hold, against what the operator wanted."""
    all_ = [(name, one) for name, ones in standings.items() for one in ones]
    wrong = [f"{name}, {one['vehicle']}: {one['reason']}, {one['detail']}" for name, one in all_ if not _settled(one)]
    unlike = []
    for name, one in wanted.items():
        said = {standing["vehicle"] for standing in standings[name] if standing["reason"] == "holds"}
        if unlike_ones := said ^ {car_id(car) for car in range(cars) if one.means(car)}:
            unlike.append(f"{name}: {sorted(unlike_ones)[:3]}")
    return [
        Check("every vehicle holds what it should, says the API", len(all_), len(wrong), _first(wrong)),
        Check("the API wants what the operator left", len(wanted), len(unlike), _first(unlike)),
    ]


def _settled(standing: Mapping[str, Any]) -> bool:
    return standing["reason"] in CONVERGED and standing["held"] == [standing["wanted"]] * bool(standing["wanted"])


def documents(folder: Path, wanted: Mapping[str, Wanted], cars: int) -> Check:
    """What is on the cars' disks, against what the operator wanted: campaigns and their versions."""
    wrong = []
    for car in range(cars):
        should = sorted((name, one.version) for name, one in wanted.items() if one.means(car))
        file = state(folder, car) / "schemes.pb"
        message = CollectionSchemes.FromString(file.read_bytes() if file.exists() else b"")
        holds = sorted((one.campaign_sync_id.partition("@")[0], one.priority) for one in message.collection_schemes)
        if holds != should:
            wrong.append(f"{car_id(car)}: holds {holds}, should hold {should}")
    return Check("every vehicle has what it should on its disk, and nothing else", cars, len(wrong), _first(wrong))


def commands(
    folder: Path, orders: Mapping[str, Order], results: Mapping[str, dict[str, Any]], cars: int
) -> list[Check]:
    """What became of commands, against what the cars' actuators did."""
    acts: Counter[tuple[str, str, str, float]] = Counter()
    for car in range(cars):
        acts.update((command, car_id(car), path, value) for command, path, value in done(folder, car))
    many, untrue = [], []
    count = len(orders)
    for name, order in orders.items():
        said = results[name]["execution"]
        ends = [one["what"] for one in said["transitions"] if one["what"] in OUTCOMES]
        if ends != [said["outcome"]]:
            many.append(f"{name}: {said['outcome']}, transitions {[one['what'] for one in said['transitions']]}")
        times = acts.pop((name, car_id(order.car), order.path, order.value), 0)
        least, most = _may(said["outcome"])
        if not least <= times <= most:
            untrue.append(f"{name}: {said['outcome']} ({said['text']}), carried out {times} times")
    return [
        Check("every command has exactly one outcome", count, len(many), _first(many)),
        Check("every command was carried out as its outcome says, at most once", count, len(untrue), _first(untrue)),
        Check("vehicles did nothing that nobody asked for", count, len(acts), str(list(acts)[:1])),
    ]


def _may(outcome: str | None) -> tuple[int, int]:
    """How often a command may have been carried out, at least and at most."""
    if outcome == "succeeded":
        return 1, 1
    return (0, 0) if outcome in NEVER_AT_CAR else (0, 1)


def events(root: Path, company: str, kept: pa.Table, cars: int, restless: Collection[str]) -> list[Check]:
    """The lake against what the cars' outboxes noted.

    Args:
        root: the lake's.
        company: whose.
        kept: what ``noted`` gives.
        cars: how many.
        restless: campaigns whose schemes may have come to a car twice; their pulses need not follow each other.
    """
    with duckdb.connect(config={"memory_limit": f"{_MEMORY_MB}MB"}) as database:
        _open(database, Lake(root, company), kept, cars)
        quiet = ", ".join(f"'{name}'" for name in sorted(restless)) or "''"
        return [
            check(
                database,
                "every event that a vehicle persisted is in the lake, whole",
                "SELECT DISTINCT vehicle, campaign, event FROM kept",
                "SELECT DISTINCT vehicle, campaign, event FROM (FROM kept EXCEPT ALL FROM lake)",
            ),
            check(
                database,
                "nothing is in the lake twice, and nothing that no vehicle persisted",
                "FROM lake",
                "FROM lake EXCEPT ALL FROM kept",
            ),
            check(
                database,
                "every value is the one that the bus showed at its time",
                "FROM kept",
                f"""
                SELECT kept.* FROM kept JOIN cars USING (vehicle) WHERE value <> CASE signal
                WHEN '{COUNT}' THEN (time_ms - offset_ms) // {PERIOD_MS}
                WHEN '{PULSE}' THEN CASE WHEN (time_ms - offset_ms) % {PERIOD_MS} = 0 THEN 1 ELSE 0 END
                ELSE value END OR (time_ms - offset_ms) % {HIGH_MS} <> 0
                """,  # noqa: S608  # our own numbers
            ),
            check(
                database,
                "every pulse in an agent's life is one event of a campaign, from the first to the last",
                "SELECT DISTINCT vehicle, campaign, life FROM pulses",
                f"""
                SELECT vehicle, campaign, life, min(number), max(number), count(*), count(DISTINCT number)
                FROM pulses WHERE split_part(campaign, '@', 1) NOT IN ({quiet}) GROUP BY ALL
                HAVING count(*) <> max(number) - min(number) + 1 OR count(DISTINCT number) <> count(*)
                """,  # noqa: S608  # our own names
            ),
            check(
                database,
                "every vehicle sent events of the campaign that nobody changed",
                "FROM cars",
                f"SELECT vehicle FROM cars EXCEPT SELECT vehicle FROM lake WHERE campaign LIKE '{STEADY}@%'",  # noqa: S608  # our own name
            ),
        ]


def noted(folder: Path, cars: int) -> pa.Table:
    """Every sample that the cars persisted: vehicle, campaign (sync id), event, signal, time_ms, value."""
    columns: Sequence[list[Any]] = ([], [], [], [], [], [])
    for car in range(cars):
        for row in outboxes.kept(state(folder, car)):
            for column, one in zip(columns, (car_id(car), *row), strict=True):
                column.append(one)
    types = (pa.string(), pa.string(), pa.int64(), pa.string(), pa.int64(), pa.float64())
    names = ("vehicle", "campaign", "event", "signal", "time_ms", "value")
    return pa.table({name: pa.array(one, kind) for name, one, kind in zip(names, columns, types, strict=True)})


def _open(database: duckdb.DuckDBPyConnection, lake: Lake, kept: pa.Table, cars: int) -> None:
    """Tables ``kept`` and ``lake`` of the same columns, ``cars`` and ``pulses``: the last in each event."""
    known = [(car_id(car), offset_ms(car)) for car in range(cars)]
    given = pa.table({"vehicle": [one for one, _ in known], "offset_ms": [one for _, one in known]})
    for name, table in (("kept", kept), ("cars", given)):
        database.register(name, table)
    columns = "vehicle, campaign, event::BIGINT AS event, signal, epoch_ms(time) AS time_ms, value"
    files = files_of(lake.signals_table)
    database.execute(
        f"CREATE TABLE lake AS SELECT {columns} FROM read_parquet($files, hive_partitioning = false)"  # noqa: S608  # our own text
        if files
        else "CREATE TABLE lake AS FROM kept LIMIT 0",
        {"files": files} if files else None,
    )
    database.execute(
        f"""
        CREATE TABLE pulses AS SELECT vehicle, campaign, event, max(value) FILTER (signal = '{COUNT}') AS number,
        max(value) FILTER (signal = '{LIFE}') AS life FROM kept GROUP BY ALL
        """  # noqa: S608  # our own names
    )


def _first(wrong: Sequence[str]) -> str:
    return wrong[0] if wrong else ""
