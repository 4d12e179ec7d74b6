"""What is in the lake, quarantine and twin, held against what was acknowledged: sample by sample."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from kaido.lake import Lake
from kaido.soak.payloads import FIRST_EVENT, MALFORMED, POOL, STEP_MS, event_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kaido.lake.table import Table
    from kaido.soak.fleet import Car, Fleet
    from kaido.soak.site import Site

_MEMORY_MB = 2_000


@dataclass(frozen=True)
class Check:
    """One thing that had to hold: how many cases were looked at, and how many of them were wrong."""

    name: str
    cases: int
    wrong: int
    example: str = ""

    @property
    def ok(self) -> bool:
        """Whether it held, in at least one case."""
        return self.wrong == 0 and self.cases > 0

    def to_json(self) -> dict[str, Any]:
        """As data."""
        return {**asdict(self), "ok": self.ok}


def judge(site: Site, fleet: Fleet, acknowledged: pa.Table) -> list[Check]:
    """Hold a platform at rest against what its vehicles know.

    Args:
        site: running, with nothing under way.
        fleet: the vehicles.
        acknowledged: the ledger's records: vehicle (number) and event.
    """
    checks = []
    for company in dict.fromkeys(car.company for car in fleet.cars):
        cars = [car for car in fleet.cars if car.company == company]
        with books(site.data / "lake", company, cars, acknowledged) as database:
            checks += lake_checks(database, company, len(fleet.signals))
            checks.append(quarantine_check(database, company))
            checks.append(_twin(site, database, company, cars))
    return checks


def books(root: Path, company: str, cars: Sequence[Car], acknowledged: pa.Table) -> duckdb.DuckDBPyConnection:
    """A database with ``samples``, ``quarantined`` (vehicle, event), ``acked`` (vehicle, event, bad) and ``cars``."""
    lake = Lake(root, company)
    connection = duckdb.connect(config={"memory_limit": f"{_MEMORY_MB}MB"})
    pools = {car.id: car.pool for car in cars}
    rows = lake.quarantined()
    quarantined = pa.table(
        {
            "vehicle": rows["vehicle"],
            "event": pa.array(
                [
                    event_of(payload.as_py(), pools[vehicle.as_py()])
                    for vehicle, payload in zip(rows["vehicle"], rows["payload"], strict=True)
                ],
                pa.int64(),
            ),
        }
    )
    known = pa.table(
        {
            "number": pa.array([car.number for car in cars], pa.int64()),
            "vehicle": pa.array([car.id for car in cars]),
            "mark": pa.array([car.mark for car in cars]),
            "start_us": pa.array([car.pool[0].start_ms * 1_000 for car in cars], pa.int64()),
        }
    )
    for name, table in (("ledger", acknowledged), ("quarantined", quarantined), ("cars", known)):
        connection.register(name, table)
    connection.execute(
        f"""
        CREATE TABLE acked AS
        SELECT cars.vehicle, event::BIGINT AS event, event % {POOL} = {MALFORMED} AS bad
        FROM ledger JOIN cars ON ledger.vehicle = cars.number
        """  # noqa: S608  # our own numbers
    )
    files = files_of(lake.signals_table)
    connection.execute(
        "CREATE TABLE samples AS SELECT vehicle, signal, epoch_us(time) AS time_us, value, event - $first AS event "
        "FROM read_parquet($files, hive_partitioning = false)"
        if files
        else "CREATE TABLE samples (vehicle VARCHAR, signal VARCHAR, time_us BIGINT, value DOUBLE, event BIGINT)",
        {"files": files, "first": FIRST_EVENT} if files else None,
    )
    return connection


def lake_checks(database: duckdb.DuckDBPyConnection, company: str, samples: int) -> list[Check]:
    """What must hold of the samples; ``samples`` is how many a payload has."""
    database.execute(
        f"""
        CREATE TABLE found AS
        SELECT vehicle, event, count(DISTINCT signal) AS signals,
            count(*) FILTER (time_us = start_us + 1000 * {STEP_MS} * event) AS timely,
            count(*) FILTER (value = mark) AS marked, count(*) FILTER (value = event) AS numbered, count(*) AS n
        FROM samples LEFT JOIN cars USING (vehicle) GROUP BY vehicle, event
        """  # noqa: S608  # our own numbers
    )
    database.execute(f"CREATE MACRO whole() AS {samples}")
    return [
        check(
            database,
            f"{company}: every acknowledged payload is in the lake, whole",
            "SELECT * FROM acked WHERE NOT bad",
            "SELECT * FROM acked LEFT JOIN found USING (vehicle, event) WHERE NOT bad "
            "AND signals IS DISTINCT FROM whole()",
        ),
        check(
            database,
            f"{company}: no sample is in the lake twice",
            "SELECT * FROM samples",
            "SELECT vehicle, signal, event, count(*) AS n FROM samples GROUP BY ALL HAVING n > 1",
        ),
        check(
            database,
            f"{company}: every value and time in the lake is the one that its vehicle sent",
            "SELECT * FROM found",
            "SELECT * FROM found WHERE timely < n OR numbered < 1 OR marked < whole() - 1",
        ),
        check(
            database,
            f"{company}: nothing in the lake is anyone else's, or of a payload that cannot be read",
            "SELECT * FROM found",
            f"SELECT * FROM found WHERE vehicle NOT IN (SELECT vehicle FROM cars) OR event % {POOL} = {MALFORMED}",  # noqa: S608  # our own numbers
        ),
    ]


def quarantine_check(database: duckdb.DuckDBPyConnection, company: str) -> Check:
    """What must hold of quarantine."""
    return check(
        database,
        f"{company}: every acknowledged payload that cannot be read is in quarantine, once, and nothing else is",
        "SELECT * FROM acked WHERE bad",
        f"""
        SELECT vehicle, event, n FROM (SELECT * FROM acked WHERE bad)
        FULL JOIN (SELECT vehicle, event, count(*) AS n FROM quarantined GROUP BY ALL) USING (vehicle, event)
        WHERE coalesce(n, 0) <> 1 OR event % {POOL} <> {MALFORMED}
        """,  # noqa: S608  # our own numbers
    )


def _twin(site: Site, database: duckdb.DuckDBPyConnection, company: str, cars: Sequence[Car]) -> Check:
    folded = database.execute(
        "SELECT vehicle, signal, max(time_us) AS time_us, arg_max(value, time_us) AS value FROM samples GROUP BY ALL"
    ).fetchall()
    wanted = {(vehicle, signal): (time_us, value) for vehicle, signal, time_us, value in folded}
    shown = {}
    with site.client(company) as client:
        for car in cars:
            for one in client.get(f"/v1/vehicles/{car.id}/twin")["values"]:
                shown[car.id, one["signal"]] = (_micros(one["time"]), one["value"])
    wrong = [key for key in wanted.keys() | shown.keys() if wanted.get(key) != shown.get(key)]
    example = f"{wrong[0]}: lake {wanted.get(wrong[0])}, twin {shown.get(wrong[0])}" if wrong else ""
    return Check(f"{company}: the twin is the fold of the lake", len(wanted), len(wrong), example)


def check(database: duckdb.DuckDBPyConnection, name: str, cases: str, wrong: str) -> Check:
    """A check of two queries: the cases that were looked at, and those that are wrong."""
    (looked_at,) = database.execute(f"SELECT count(*) FROM ({cases})").fetchone() or (0,)  # noqa: S608  # all our own text
    rows = database.execute(f"SELECT count(*) OVER (), * FROM ({wrong}) LIMIT 1").fetchone()  # noqa: S608  # as above
    return Check(name, int(looked_at), int(rows[0]) if rows else 0, str(rows[1:]) if rows else "")


def _micros(text: str) -> int:
    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) * 1_000_000 + moment.microsecond


def files_of(table: Table) -> list[str]:
    """The files that a table of the lake consists of."""
    return [str(table.folder / file.path) for file in table.files()]
