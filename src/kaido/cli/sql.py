"""``kaido sql``: query the company's tables."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from kaido.cli.context import single
from kaido.cli.tables import show, table_options

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.cli.context import Session


@single("sql")
@click.argument("query")
@table_options
def sql(session: Session, query: str, limit: int, form: str | None, csv: bool, output: Path | None) -> None:
    """Run one SELECT (DuckDB's dialect) over the company's tables; - reads it from stdin.

    \b
    The tables: signals (vehicle, signal, time, value, text, campaign, event, day),
    quarantine, vehicles and catalog. Try: kaido sql "DESCRIBE signals"
    """
    text = sys.stdin.read() if query == "-" else query
    show(session, "/v1/sql", form=form, csv=csv, output=output, method="POST", json={"sql": text, "limit": limit})
