"""``kaido quarantine``: payloads that could not be read."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.cli.context import command
from kaido.cli.output import MOST

if TYPE_CHECKING:
    from kaido.cli.context import Session

_COLUMNS = ["id", "arrival", "vehicle", "kind", "bytes", "reason"]


_reason = click.option("--reason", metavar="CODE", help="Only those of this reason: see `kaido quarantine reasons`.")
_vehicle = click.option("--vehicle", help="Only those of this vehicle.")


@click.group
def quarantine() -> None:
    """Look at, try again or delete payloads that could not be read."""


@command(quarantine, "list")
@click.option("--limit", type=click.IntRange(1, MOST), default=100, show_default=True, help="How many at most.")
@_reason
@_vehicle
def list_(session: Session, limit: int, reason: str | None, vehicle: str | None) -> None:
    """List them, the newest first, with the reason."""
    wanted = {"limit": min(limit, 200), "reason": reason, "vehicle": vehicle}
    pages = session.client.pages("/v1/quarantine", wanted)
    session.out.rows(list(islice(pages, limit)), _COLUMNS, empty="quarantine is empty")


@command(quarantine, "reasons")
def reasons(session: Session) -> None:
    """Say why payloads could not be read, and how many for each reason."""
    found = session.client.get("/v1/quarantine/reasons")["items"]
    session.out.rows(found, ["reason", "payloads", "vehicles", "bytes", "newest"], empty="quarantine is empty")


@command(quarantine, "show")
@click.argument("id")
def show(session: Session, id: str) -> None:  # noqa: A002  # it is what the field calls it
    """Show one with its bytes and, as far as it can be, decoded."""
    session.out.item(session.client.get(f"/v1/quarantine/{quote(id, safe='')}"))


@command(quarantine, "replay")
@click.argument("ids", nargs=-1)
@click.option("--all", "all_", is_flag=True, help="All that lie there now.")
@_reason
@_vehicle
def replay(session: Session, ids: tuple[str, ...], all_: bool, reason: str | None, vehicle: str | None) -> None:
    """Send them through ingest again, for example after the missing manifest was imported."""
    done = session.client.post("/v1/quarantine/replay", _which(ids, all_, reason, vehicle))
    kept = f"; {done['kept']} stay, they are no payload of a vehicle" if done["kept"] else ""
    session.out.done(f"{_payloads(done['replayed'])} went through ingest again{kept}", done)


@command(quarantine, "drop")
@click.argument("ids", nargs=-1)
@click.option("--all", "all_", is_flag=True, help="All that lie there now.")
@_reason
@_vehicle
def drop(session: Session, ids: tuple[str, ...], all_: bool, reason: str | None, vehicle: str | None) -> None:
    """Delete them for good."""
    done = session.client.post("/v1/quarantine/drop", _which(ids, all_, reason, vehicle))
    session.out.done(f"{_payloads(done['dropped'])} deleted", done)


def _payloads(count: int) -> str:
    return f"{count} payload{'' if count == 1 else 's'}"


def _which(ids: tuple[str, ...], all_: bool, reason: str | None, vehicle: str | None) -> dict[str, Any]:
    if all_ == bool(ids):
        raise click.UsageError("give IDS, or --all")
    return {"all": all_, "ids": list(ids), "reason": reason, "vehicle": vehicle}
