"""What a command prints: data to stdout, talk to stderr; tables for people, JSON where ``--json`` asks for it."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click

# Rich takes as long to load as all else that a command needs: functions import it when they print with it.
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from rich.console import Console

MOST = 10_000_000
"""The most rows of a list that a command shows."""


class Output:
    """The output of one command."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json

    @cached_property
    def _talk(self) -> Console:
        from rich.console import Console  # noqa: PLC0415

        return Console(stderr=True, highlight=False, soft_wrap=True)

    @cached_property
    def _data(self) -> Console:
        from rich.console import Console  # noqa: PLC0415

        width = None if sys.stdout.isatty() else 10_000
        return Console(file=sys.stdout, highlight=False, width=width, soft_wrap=False)

    def rows(
        self,
        rows: Sequence[dict[str, Any]],
        columns: Sequence[str],
        *,
        empty: str = "nothing yet",
        verbatim: Collection[str] = (),
    ) -> None:
        """A list: a table of the named columns, or all of it as a JSON list.

        Args:
            rows: all of it.
            columns: what a person sees of it.
            empty: what a person is told where there is nothing.
            verbatim: columns whose names are not ours (signals, SQL) and stay as they are.
        """
        if self.as_json:
            self._json(list(rows))
            return
        if not rows:
            self.say(empty)
            return
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            numeric = all(isinstance(row.get(column), (int, float, type(None))) for row in rows)
            heading = column if column in verbatim else column.replace("_", " ")
            table.add_column(Text(heading), justify="right" if numeric else "left", overflow="fold")
        for row in rows:
            table.add_row(*[Text(_shown(row.get(column))) for column in columns])
        self._data.print(table)

    def item(self, item: dict[str, Any]) -> None:
        """One thing: a line a field, or a JSON object."""
        if self.as_json:
            self._json(item)
            return
        width = max((len(name) for name in item), default=0)
        for name, value in item.items():
            click.echo(f"{name.replace('_', ' '):<{width}}  {_shown(value)}")

    def done(self, text: str, data: Any = None) -> None:
        """Something was done: a sentence for people, its data as JSON."""
        if self.as_json:
            self._json(data if data is not None else {})
        else:
            self.say(text)

    def say(self, text: str, *, always: bool = False) -> None:
        """Talk to the person: stderr. With ``--json`` a program listens, and hears only errors, if not ``always``."""
        if always or not self.as_json:
            from rich.text import Text  # noqa: PLC0415

            self._talk.print(Text(text))

    def raw(self, content: bytes) -> None:
        """Data in a format of its own (CSV, Arrow, Parquet) to stdout."""
        sys.stdout.buffer.write(content)

    @contextmanager
    def progress(self, text: str, total: float | None = None) -> Iterator[Callable[[float, str], None]]:
        """A bar on stderr; call what it gives with the part done (in units of ``total``) and a text."""
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[note]}"),
            TimeRemainingColumn(),
        )
        quiet = self.as_json or not self._talk.is_terminal
        with Progress(*columns, console=self._talk, transient=True, disable=quiet) as bar:
            task = bar.add_task(text, total=total, note="")

            def update(done: float, note: str = "") -> None:
                bar.update(task, completed=done, note=note)

            yield update

    def _json(self, value: Any) -> None:
        click.echo(json.dumps(value, ensure_ascii=False, default=str))


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list | tuple):
        return ", ".join(_shown(part) for part in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
