"""``kaido audit``: who did what, and when."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import click

from kaido.cli.context import single
from kaido.cli.output import MOST

if TYPE_CHECKING:
    from kaido.cli.context import Session


@single("audit")
@click.option("--who", help="Only what this token or user did.")
@click.option("--what", help="Only what begins so: commands, vehicles-revoke.")
@click.option("--since", metavar="TIME", help="From this moment on: ISO 8601 with its zone.")
@click.option("--until", metavar="TIME", help="Before this moment.")
@click.option("--limit", type=click.IntRange(1, MOST), default=100, show_default=True, help="How many at most.")
def audit(session: Session, limit: int, **asked: str | None) -> None:
    """Say who did what, and when; the newest first."""
    rows = islice(session.client.pages("/v1/audit", {"limit": min(limit, 1000), **asked}), limit)
    session.out.rows(list(rows), ["moment", "who", "what", "details"], empty="nothing on record matches")
