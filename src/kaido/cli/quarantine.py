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


@click.group
def quarantine() -> None:
    """Look at, try again or delete payloads that could not be read."""


@command(quarantine, "list")
@click.option("--limit", type=click.IntRange(1, MOST), default=100, show_default=True, help="How many at most.")
def list_(session: Session, limit: int) -> None:
    """List them, the newest first, with the reason."""
    pages = session.client.pages("/v1/quarantine", {"limit": min(limit, 200)})
    session.out.rows(list(islice(pages, limit)), _COLUMNS, empty="quarantine is empty")


@command(quarantine, "show")
@click.argument("id")
def show(session: Session, id: str) -> None:  # noqa: A002  # it is what the field calls it
    """Show one with its bytes and, as far as it can be, decoded."""
    session.out.item(session.client.get(f"/v1/quarantine/{quote(id, safe='')}"))


@command(quarantine, "replay")
@click.argument("ids", nargs=-1)
@click.option("--all", "all_", is_flag=True, help="All that lie there now.")
def replay(session: Session, ids: tuple[str, ...], all_: bool) -> None:
    """Send them through ingest again, for example after the missing manifest was imported."""
    done = session.client.post("/v1/quarantine/replay", _which(ids, all_))
    kept = f"; {done['kept']} stay, they are no payload of a vehicle" if done["kept"] else ""
    session.out.done(f"{_payloads(done['replayed'])} went through ingest again{kept}", done)


@command(quarantine, "drop")
@click.argument("ids", nargs=-1)
@click.option("--all", "all_", is_flag=True, help="All that lie there now.")
def drop(session: Session, ids: tuple[str, ...], all_: bool) -> None:
    """Delete them for good."""
    done = session.client.post("/v1/quarantine/drop", _which(ids, all_))
    session.out.done(f"{_payloads(done['dropped'])} deleted", done)


def _payloads(count: int) -> str:
    return f"{count} payload{'' if count == 1 else 's'}"


def _which(ids: tuple[str, ...], all_: bool) -> dict[str, Any]:
    if all_ == bool(ids):
        raise click.UsageError("give IDS, or --all")
    return {"all": True} if all_ else {"ids": list(ids)}
