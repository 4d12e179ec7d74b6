"""``kaido campaign estimate`` and ``kaido campaign dry-run``: what a campaign would do, before it does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.cli.campaign_file import read
from kaido.cli.campaign_status import amount
from kaido.cli.context import single
from kaido.errors import NotFoundError, TooLargeError
from kaido.recordings import KINDS, open_recording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.cli.context import Session

_PIECE_BYTES = 1 << 20
_SHOWN = 20
_MOST_CHARACTERS = 30_000
_FOR_WHOM = {"targets", "rollout"}


@single("estimate")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--days", type=click.IntRange(1, 92), default=7, show_default=True, help="Whole days of history.")
@click.option(
    "--until", metavar="DATE", help="The day after the last of them, UTC.  [default: today, and what there is of it]"
)
@click.option("--vehicle", "vehicles", multiple=True, metavar="ID", help="Only of this vehicle; repeatable.")
def estimate(session: Session, file: Path, days: int, until: str | None, vehicles: tuple[str, ...]) -> None:
    """Say how often a campaign would have triggered, and what it would have sent, from the history in the lake."""
    params = {"days": days, "until": until, "vehicle": list(vehicles)}
    found = session.client.post("/v1/campaigns/estimate", read(file), params=params)
    if session.out.as_json:
        session.out.item(found)
        return
    session.out.item(dict(_estimated(found)))
    for note in found["notes"]:
        session.out.say(f"note: {note}")


@single("dry-run")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.argument("recording", metavar="RECORDING", type=click.Path(path_type=Path))
@click.option("--manifest", help="The decoder manifest of the recording.  [default: the only one that fits]")
@click.option("--kind", metavar="KIND", help=f"Of the recording: {', '.join(KINDS)}.  [default: the content tells]")
@click.option("--limit", type=click.IntRange(1, 100_000), default=1_000, show_default=True, help="Firings listed.")
def dry_run(session: Session, file: Path, recording: Path, manifest: str | None, kind: str | None, limit: int) -> None:
    """Say when a campaign would have fired on a recorded drive, and what it would have sent."""
    document = read(file)
    open_recording(recording, kind=kind)  # before anything is sent
    params = {"campaign": _asked(file, document), "manifest": manifest, "kind": kind}
    params |= {"file": recording.name, "limit": str(limit)}
    found = session.client.upload_stream("/v1/campaigns/dry-run", _pieces(recording), params=params)
    if session.out.as_json:
        session.out.item(found)
        return
    signals = list(found["firings"][0]["values"]) if found["firings"] else []
    rows = [one | one["values"] for one in found["firings"][:_SHOWN]]
    session.out.rows(rows, ["time", *signals, "samples", "bytes"], empty="it never fires", verbatim=signals)
    if (more := found["triggers"] - len(rows)) > 0:
        session.out.say(f"… and {more:,} more; --json lists them")
    for line in _played(found):
        session.out.say(line)


def _asked(file: Path, document: dict[str, Any]) -> str:
    """What vehicles would collect, as JSON for the address of a request."""
    text = json.dumps({name: value for name, value in document.items() if name not in _FOR_WHOM})
    if len(quote(text)) > _MOST_CHARACTERS:
        why = f"a dry run takes {_MOST_CHARACTERS:,} characters"
        raise TooLargeError(f"the campaign in {file} is too long", why=why, fix="Name signals by patterns: Vehicle.*")
    return text


def _estimated(found: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "vehicles", f"{found['vehicles']:,}, over {_days(found)}"
    vehicles = f"{found['evaluated']:,} vehicle-days of {found['evaluated_vehicles']:,} vehicles"
    yield "rests on", f"{vehicles}; {found['with_history']:,} of {found['possible']:,} have history"
    if not found["evaluated"]:
        yield "events", "nothing can be said"
        return
    yield "data", f"for {100 * found['data_share']:.3g} % of the time"
    yield "events", f"{_interval(found['events'], '{:.3g}'.format)} a vehicle and day"
    yield "samples", f"{_interval(found['samples'], '{:,.0f}'.format)} a vehicle and day"
    yield "bytes", f"{_interval(found['bytes'], amount)} a vehicle and day"
    plain, compressed = amount(found["plain_bytes"]), amount(found["compressed_bytes"])
    yield "compression", f"{compressed} with it, {plain} without"
    for one in found["signals"]:
        every = "never" if one["interval_ms"] is None else f"every {one['interval_ms']:g} ms"
        yield one["signal"], f"{every}, on {one['vehicle_days']:,} vehicle-days"


def _days(found: dict[str, Any]) -> str:
    if found["today_share"] is None:
        return f"{found['days']} days"
    return f"{found['days'] - 1} days and {24 * found['today_share']:.1f} h of today"


def _interval(one: dict[str, Any], shown: Any) -> str:
    high = "no bound" if one["high"] is None else shown(one["high"])
    return f"{shown(one['mean'])} ({shown(one['low'])} to {high}, 90 %)"


def _played(found: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{found['events']:,} events, {found['samples']:,} samples, {amount(found['bytes'])} "
        f"({amount(found['compressed_bytes'])} compressed, {amount(found['plain_bytes'])} not) "
        f"of {found['frames']:,} frames ({found['kind']}), by manifest {found['manifest']}"
    )
    if found["held"] is not None:
        yield f"the condition held for {100 * found['held']:.3g} % of the time"
    for one in found["comparisons"]:
        held = "never looked at" if one["held"] is None else f"for {100 * one['held']:.3g} % of the time"
        sides = [f"{side} side {_range(one[side])}" for side in ("left", "right") if _varies(one[side])]
        yield "  " + "; ".join([f"{one['text']}: {held}", *sides])
    for note in found["notes"]:
        yield f"note: {note}"


def _varies(side: list[float] | None) -> bool:
    return side is None or side[0] != side[1]


def _range(side: list[float] | None) -> str:
    return "without a value" if side is None else f"{side[0]:g} to {side[1]:g}"


def _pieces(recording: Path) -> Iterator[bytes]:
    try:
        with recording.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield piece
    except OSError as error:
        raise NotFoundError(f"the recording {recording} cannot be read", why=error.strerror or str(error)) from error
