"""How near each stage comes to what the machine can do at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kaido.bench.table import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.bench.figure import Figure
    from kaido.bench.result import Result

LIMITS = "limits"
MEGABYTE = 1_000_000
COPY, LOOPBACK = "memory copy, one thread", "loopback TCP, one connection"
SYNCED, LONG = "1 MiB written and fdatasync'ed", "a long file written, one fsync at its end"


INTRODUCTION = """The limits are those of the bench `limits`: one process, one thread, the bare operation. What is far
below its limit is bound by the processor; where its time goes stands below.
"""


class Bound(NamedTuple):
    """What one figure costs of one limit.

    Attributes:
        bench, figure: which.
        limit: the figure of the bench ``limits``, in MB/s.
        cost_bytes: that one unit of the figure takes of it.
        why: what these bytes are.
    """

    bench: str
    figure: str
    limit: str
    cost_bytes: float
    why: str


BOUNDS = (
    Bound(
        "gateway", "publishes of 200 B acknowledged, no TLS", SYNCED, 225, "payload and columns, journaled in batches"
    ),
    Bound("gateway", "publishes of 2,000 B acknowledged, no TLS", SYNCED, 2_025, "payload and columns, journaled"),
    Bound("gateway", "publishes of 2,000 B acknowledged, no TLS", LOOPBACK, 4_050, "from client to gateway to NATS"),
    Bound(
        "ingest",
        "values from socket to committed lake and twin, sustained",
        SYNCED,
        18,
        "16.5 B of protobuf in the journal, 1.4 B in the lake",
    ),
    Bound("decode", "to columns, values", COPY, 10, "8 B of value, 2 B of frame"),
    Bound("decode", "to rows, values", COPY, 22, "time, signal and value, 2 B of frame"),
    Bound("import", "import", LONG, 8, "Parquet; the processor's work, not the disk, is what it waits for"),
    Bound("lake", "append, 2,000,000 rows each", LONG, 1.6, "Parquet; as above"),
    Bound("twin", "updates", COPY, 48, "three cells of 8 B, read and written, at random places"),
)


def markdown(results: Sequence[Result]) -> str:
    """The section of the page; of the figures that were measured."""
    figures = {(result.bench, figure.name): figure for result in results for figure in result.figures}
    lines = [
        "## What bounds each stage\n",
        INTRODUCTION,
        "| stage | reached | bounded by | that would be | share | because each takes |\n|---|---|---|---|---|---|",
    ]
    lines += [row for bound in BOUNDS if (row := _row(bound, figures))]
    return "\n".join(lines) + "\n"


def _row(bound: Bound, figures: dict[tuple[str, str], Figure]) -> str | None:
    stage, limit = figures.get((bound.bench, bound.figure)), figures.get((LIMITS, bound.limit))
    if stage is None or limit is None or stage.value is None or not limit.value:
        return None
    most = limit.value * MEGABYTE / bound.cost_bytes
    cells = (
        f"{bound.bench}: {bound.figure}",
        f"{number(stage.value)} {stage.unit}",
        f"{bound.limit}: {number(limit.value)} {limit.unit}",
        number(most),
        f"{100 * stage.value / most:.0f} %",
        f"{bound.cost_bytes:g} B: {bound.why}",
    )
    return f"| {' | '.join(cells)} |"
