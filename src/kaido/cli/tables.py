"""Tables on the command line: for people, as JSON, or as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kaido.errors import InvalidInputError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.cli.context import Session

MEDIA_TYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": "application/vnd.apache.parquet",
}


def table_options(function: Callable[..., None]) -> Callable[..., None]:
    """The options ``--limit``, ``--format``, ``--csv`` and ``-o``."""
    for option in (
        click.option("--limit", type=click.IntRange(1), default=100_000, show_default=True, help="The most rows."),
        click.option("--format", "form", type=click.Choice(list(MEDIA_TYPES)), help="Write this to stdout."),
        click.option("--csv", is_flag=True, help="The same as --format csv."),
        click.option(
            "-o",
            "--output",
            type=click.Path(path_type=Path, dir_okay=False),
            help="Write .csv, .json, .arrow, .parquet.",
        ),
    ):
        function = option(function)
    return function


def show(session: Session, path: str, *, form: str | None, csv: bool, output: Path | None, **request: Any) -> None:
    """Ask for a table and show it as the options say.

    Args:
        session: of the command.
        path: of the API.
        form: one of MEDIA_TYPES, or None for people.
        csv: the same as ``form="csv"``.
        output: a file instead of stdout.
        request: ``method``, ``params`` and ``json`` of the request.
    """
    form = _form_of(output) if output else "csv" if csv else form
    if form is None or (form == "json" and output is None):
        rows = _rows(session, path, **request)
        session.out.as_json = session.out.as_json or form == "json"
        session.out.rows(rows, list(rows[0]) if rows else [], empty="no rows", verbatim=rows[0] if rows else ())
        return
    content = session.client.content(path, accept=MEDIA_TYPES[form], **request)
    if output is None:
        session.out.raw(content)
        return
    try:
        output.write_bytes(content)
    except OSError as error:
        raise UnavailableError(f"the file {output} cannot be written", why=error.strerror or str(error)) from error
    session.out.done(f"wrote {output} ({len(content):,} bytes)", {"file": str(output), "bytes": len(content)})


def _rows(session: Session, path: str, *, method: str = "GET", params: Any = None, json: Any = None) -> Any:
    if method == "POST":
        return session.client.post(path, json, params=params)
    return session.client.get(path, params)


def _form_of(output: Path) -> str:
    form = output.suffix.removeprefix(".").lower()
    if form not in MEDIA_TYPES:
        raise InvalidInputError(
            f"the file {output} has no known ending", fix=f"End it in {', '.join('.' + name for name in MEDIA_TYPES)}"
        )
    return form
