"""From what is new to what is derived anew: whole activities, as far to both sides as new samples can reach.

A stretch begins where an activity began that no new sample can move any more (so what was known then, ``last_…`` of the
table ``activities``, stands for all that was before), and ends where one begins that lies further behind the news than
any rule looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc

from kaido.flow_electric import CARRIED
from kaido.services.engine import quoted
from kaido.services.inputs import CARRIED_SCHEMA, FOREVER_US, WINDOW_SCHEMA
from kaido.services.signals import CODES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import pyarrow as pa

    from kaido.lake.files import DataFile
    from kaido.lake.table import Table
    from kaido.services.rules import Rules


BEYOND = 3
"""A stretch ends where the third activity begins behind what new samples can reach: the ones before may have begun with
values (a place, a temperature) that the new samples tell better."""
_BACK_US = (8 * 86_400_000_000, 64 * 86_400_000_000)
"""Before the first news: where most vehicles have a beginning; and where those have that stood for long."""


@dataclass(frozen=True)
class Windows:
    """The stretches to derive.

    Attributes:
        windows: WINDOW_SCHEMA, by vehicle and time.
        carried: CARRIED_SCHEMA.
        stored: the activities that lie there now: car, vehicle, kind, id, low, high.
    """

    windows: pa.Table
    carried: pa.Table
    stored: pa.Table


def around(
    connection: duckdb.DuckDBPyConnection, stretches: pa.Table, activities: Table, rules: Rules, oldest: int = 0
) -> Windows:
    """The stretches to derive for what is new.

    What is stored is read as far as it is needed: back from the news until each vehicle has a beginning.

    Args:
        connection: to work with.
        stretches: ``new.STRETCH_SCHEMA``.
        activities: the table.
        rules: how far they look.
        oldest: samples from before are gone (microseconds); an activity that began there stays as it is stored.
    """
    connection.register("news", stretches)
    connection.register("nothing", activities.layout.flow.empty_table())
    files = activities.files()
    first = pc.min(stretches["first"]).as_py() or 0
    reach = {"near": rules.stand_us, "far": rules.settled_us}
    behind = [file for file in files if file.high["start"] >= first - _BACK_US[0]]
    _know(connection, activities, behind)
    connection.execute(f"CREATE TEMP TABLE reach AS {_REACH}", {**reach, "forever": FOREVER_US, "oldest": oldest})
    for back, further in pairwise((*_BACK_US, None)):
        if not connection.execute("FROM reach WHERE low IS NULL LIMIT 1").fetchall():
            break
        older = [file for file in files if file.high["start"] < first - (back or 0)]
        _know(connection, activities, [one for one in older if further is None or one.high["start"] >= first - further])
        connection.execute(_FURTHER, reach)
    connection.execute(f"CREATE TEMP TABLE windows AS {_WINDOWS}", {"forever": FOREVER_US, "oldest": oldest})
    windows = connection.sql("SELECT car, vehicle, low, high, bounded FROM windows ORDER BY car").to_arrow_table()
    lows = windows["low"].to_numpy()
    begun = [file for file in files if np.any((lows >= file.low["start"]) & (lows <= file.high["start"]))]
    _know(connection, activities, begun)
    connection.execute(f"CREATE TEMP TABLE standing AS {_STANDING}")
    carried = connection.sql(
        " UNION ALL ".join(
            f"SELECT car, {CODES[role]} AS role, last_{role} AS value FROM standing WHERE last_{role} IS NOT NULL"  # noqa: S608  # our names
            for role in CARRIED
        )
    ).to_arrow_table()
    highs = windows["high"].to_numpy()
    _know(
        connection,
        activities,
        [file for file in files if np.any((lows <= file.high["start"]) & (highs > file.low["start"]))],
    )
    stored = connection.sql(_STORED).to_arrow_table()
    return Windows(windows.cast(WINDOW_SCHEMA), carried.cast(CARRIED_SCHEMA), stored)


def _know(connection: duckdb.DuckDBPyConnection, activities: Table, files: Sequence[DataFile]) -> None:
    """Have some files of the activities as ``known``."""
    paths = ", ".join(quoted(str(activities.folder / file.path)) for file in files)
    source = f"read_parquet([{paths}], hive_partitioning = false)" if files else "nothing"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW known AS FROM {source}")


_BEGINS = """max(epoch_us(k.start)) FILTER (
    epoch_us(k.start) <= n.first - CASE WHEN k.kind = 'idle' THEN $far ELSE $near END
)"""
_REACH = f"""
SELECT n.vehicle, n.first, n.last, {_BEGINS} AS low, min(epoch_us(k.start)) AS first_known,
    min(epoch_us(k.start)) FILTER (epoch_us(k.start) >= $oldest) AS first_whole, max(epoch_us(k."end")) AS known_until,
    coalesce((min(epoch_us(k.start), {BEYOND}) FILTER (epoch_us(k.start) - $far > n.last))[{BEYOND}], $forever) AS high
FROM news AS n LEFT JOIN known AS k ON k.vehicle = n.vehicle
GROUP BY n.vehicle, n.first, n.last
"""  # noqa: S608  # our own names
_FURTHER = f"""
UPDATE reach SET low = older.low
FROM (
    SELECT n.vehicle, n.first, {_BEGINS} AS low
    FROM reach AS n JOIN known AS k ON k.vehicle = n.vehicle WHERE n.low IS NULL GROUP BY n.vehicle, n.first
) AS older
WHERE older.vehicle = reach.vehicle AND older.first = reach.first AND reach.low IS NULL
"""  # noqa: S608  # our own names
_WINDOWS = """
WITH found AS (
    SELECT vehicle, last, high, first_whole, known_until, coalesce(low, least(first, first_known)) AS low FROM reach
), kept AS (
    SELECT vehicle, CASE WHEN low < $oldest THEN coalesce(first_whole, low) ELSE low END AS low, high FROM found
    WHERE low >= $oldest OR first_whole IS NOT NULL OR last > coalesce(known_until, low)
), begins AS (
    SELECT *, coalesce(low >= max(high) OVER (
        PARTITION BY vehicle ORDER BY low, high ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), true)::INT AS begins
    FROM kept
), numbered AS (
    SELECT *, sum(begins) OVER (PARTITION BY vehicle ORDER BY low, high ROWS UNBOUNDED PRECEDING) AS number FROM begins
), merged AS (
    SELECT vehicle, min(low) AS low, max(high) AS high FROM numbered GROUP BY vehicle, number
)
SELECT (row_number() OVER (ORDER BY vehicle, low) - 1)::INT AS car, vehicle, low, high,
    (high < $forever)::INT AS bounded
FROM merged
"""
_STANDING = f"""
SELECT w.car, {", ".join(f"k.last_{role}" for role in CARRIED)}
FROM windows AS w JOIN known AS k ON k.vehicle = w.vehicle AND epoch_us(k.start) = w.low
"""  # noqa: S608  # our own names
_STORED = """
SELECT w.car, k.vehicle, k.kind, k.id, epoch_us(k.start) AS low, epoch_us(k."end") AS high
FROM known AS k JOIN windows AS w ON w.vehicle = k.vehicle
WHERE epoch_us(k.start) >= w.low AND epoch_us(k.start) < w.high
"""
