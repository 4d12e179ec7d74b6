"""What flows between the rooms: every NATS subject, stream and lake table, with owner, schema and retention.

``docs/flow.md`` is generated from here (``python -m kaido.flow``); a test fails when it is stale.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from kaido.flow_electric import ALL
from kaido.flow_names import (
    COMMANDS_SUBJECT,
    IDENTITY_SUBJECT,
    PRESENCE_SUBJECT,
    RECEIPTS_SUBJECT,
    RESPONSES_STREAM,
    ROLLCALL_SUBJECT,
    STATUS_SUBJECT,
    DownKind,
    UpKind,
    checkins_subject,
    down_subject,
    every_subject,
    live_subject,
    partition_of,
    partition_of_stream,
    responses_subject,
    twin_subject,
    up_stream,
    up_subject,
    watch_subject,
)

__all__ = [
    "COMMANDS_SUBJECT",
    "IDENTITY_SUBJECT",
    "PRESENCE_SUBJECT",
    "QUARANTINE_SCHEMA",
    "RECEIPTS_SUBJECT",
    "RESPONSES_STREAM",
    "ROLLCALL_SUBJECT",
    "SAMPLE_SCHEMA",
    "STATUS_SUBJECT",
    "SUBJECTS",
    "TABLES",
    "UP_SCHEMA",
    "DownKind",
    "Subject",
    "Table",
    "UpKind",
    "checkins_subject",
    "down_subject",
    "every_subject",
    "live_subject",
    "markdown",
    "partition_of",
    "partition_of_stream",
    "responses_subject",
    "twin_subject",
    "up_stream",
    "up_subject",
    "watch_subject",
]


# One journal message: an Arrow IPC stream of one record batch, the payloads of many vehicles of one company.
UP_SCHEMA = pa.schema(
    [
        pa.field("vehicle", pa.string(), nullable=False),
        pa.field("kind", pa.uint8(), nullable=False),
        pa.field("arrival", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("payload", pa.binary(), nullable=False),
    ]
)

# Decoded samples as they go to the lake, the twin and live viewers. Exactly one of value and text is set.
SAMPLE_SCHEMA = pa.schema(
    [
        pa.field("vehicle", pa.string(), nullable=False),
        pa.field("signal", pa.string(), nullable=False),
        pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("text", pa.string()),
        pa.field("campaign", pa.string()),
        pa.field("event", pa.uint32()),
    ]
)

QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("vehicle", pa.string(), nullable=False),
        pa.field("kind", pa.uint8(), nullable=False),
        pa.field("arrival", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("payload", pa.binary(), nullable=False),
    ]
)


@dataclass(frozen=True)
class Subject:
    """A NATS subject (with its stream, if it is kept)."""

    pattern: str
    owner: str
    consumers: str
    schema: str
    retention: str


@dataclass(frozen=True)
class Table:
    """A Delta table below a company's lake root."""

    name: str
    owner: str
    schema: pa.Schema
    partition_by: tuple[str, ...]
    retention: str


SUBJECTS: tuple[Subject, ...] = (
    Subject(
        "kaido.up.{company}.{partition}",
        "gateway (and api, for imports and replays)",
        "ingest",
        "Arrow stream of UP_SCHEMA; stream `up-{company}-{partition}`",
        "until the lake and the twin's snapshot hold it",
    ),
    Subject(
        "kaido.down.{company}",
        "control",
        "gateway",
        "payload; headers Kaido-Vehicle (one id, or several with commas), Kaido-Kind, Kaido-Id",
        "none",
    ),
    Subject(
        "kaido.presence",
        "gateway",
        "gateway, control",
        "JSON {gateway, number, at, events: [[company, vehicle, Unix seconds, `entered`, `entered clean` or `left`]]}; "
        "empty every second where nothing happens",
        "none",
    ),
    Subject(
        "kaido.rollcall",
        "control (asks)",
        "gateway (answers)",
        "JSON {gateway} or {}; answers in pages, JSON {gateway, number, at, first, last, "
        "vehicles: [[company, vehicle, Unix seconds]]}",
        "none",
    ),
    Subject("kaido.checkins.{company}", "ingest", "control", "Arrow stream of UP_SCHEMA, kind CHECKIN", "none"),
    Subject(
        "kaido.responses.{company}",
        "ingest",
        "control",
        "Arrow stream of UP_SCHEMA, kind COMMAND_RESPONSE; stream `responses`",
        "until the database holds what they say",
    ),
    Subject(
        "kaido.commands",
        "api",
        "control",
        "JSON {company, command}: there is something to do for it; whoever misses it finds it in the database",
        "none",
    ),
    Subject(
        "kaido.receipts",
        "gateway",
        "control",
        "JSON {receipts: [[company, vehicle, command, Unix seconds]]}: vehicles have acknowledged these requests; "
        "one that is missed is sent again",
        "none",
    ),
    Subject("kaido.identity", "api", "gateway, ingest, control", "JSON {company, vehicle, change}", "none"),
    Subject(
        "kaido.twin.{company}",
        "ingest (answers)",
        "api (asks)",
        "JSON question, Arrow stream or JSON answer",
        "none",
    ),
    Subject(
        "kaido.watch.{company}",
        "api",
        "ingest",
        "empty: somebody watches the newest values; JSON {every: [patterns of vehicles]}: every sample of these; "
        "a lease of 15 s",
        "none",
    ),
    Subject("kaido.live.{company}", "ingest", "api", "Arrow stream of SAMPLE_SCHEMA: the newest values", "none"),
    Subject(
        "kaido.every.{company}",
        "ingest",
        "api",
        "Arrow stream of SAMPLE_SCHEMA: every sample of the vehicles that somebody asked for",
        "none",
    ),
    Subject("kaido.status", "every process (answers)", "api (asks)", "JSON of runtime.status.Report", "none"),
)

TABLES: tuple[Table, ...] = (
    Table("signals", "ingest, import", SAMPLE_SCHEMA, ("day",), "setting `retention_days`; none by default"),
    Table("quarantine", "ingest", QUARANTINE_SCHEMA, (), "until replayed or dropped"),
    *(
        Table(one.name, "services", one.schema, ("day",), "for good; derived anew where samples come late")
        for one in ALL
    ),
)


def markdown() -> str:
    """This registry as the page ``docs/flow.md``."""
    lines = [
        "# What flows",
        "",
        "Generated from `kaido/flow.py` by `python -m kaido.flow`; do not edit.",
        "",
        "## NATS subjects",
        "",
        "| subject | written by | read by | content | kept |",
        "|---|---|---|---|---|",
    ]
    lines += [f"| `{s.pattern}` | {s.owner} | {s.consumers} | {s.schema} | {s.retention} |" for s in SUBJECTS]
    lines += [
        "",
        "## Lake tables",
        "",
        "| table | written by | columns | partitioned by | kept |",
        "|---|---|---|---|---|",
    ]
    for t in TABLES:
        columns = ", ".join(f"{f.name} {f.type}" for f in t.schema)
        lines.append(
            f"| `{t.name}` | {t.owner} | {columns} | {', '.join(t.partition_by) or '(none)'} | {t.retention} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(markdown(), end="")  # noqa: T201  # this is what the module is run for
