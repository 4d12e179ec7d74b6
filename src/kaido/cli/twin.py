"""``kaido twin``: the last value of every signal of a vehicle."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

import click

from kaido.cli import asking
from kaido.cli.context import single
from kaido.runtime import clock

if TYPE_CHECKING:
    from kaido.cli.context import Session


@single("twin")
@click.argument("id")
@click.option("--signal", metavar="GLOB", default="*", help="Only signals like this: 'Vehicle.Powertrain.*'.")
@click.option("--fetch", is_flag=True, help="Ask the vehicle first for what its state templates name.")
@asking.TIMEOUT
def twin(session: Session, id: str, signal: str, fetch: bool, timeout: str) -> None:  # noqa: A002  # it is what the field calls it
    """Show the last value of every signal of a vehicle, with unit and age."""
    asked = asking.fetch(session.client, id, (), timeout) if fetch else None
    answer = asking.twin(session.client, id)
    values = [value for value in answer["values"] if fnmatch.fnmatch(value["signal"], signal)]
    if session.out.as_json:
        session.out.item({"vehicle": answer["vehicle"], "values": values} | ({"fetch": asked} if asked else {}))
        return
    if asked:
        session.out.say(f"{id} answered: {asked['command']['execution']['text'] or 'succeeded'}")
    show_values(
        session,
        values,
        empty=f"no signal of {id} is named like {signal}" if answer["values"] else f"nothing came from {id} yet",
    )


def show_values(session: Session, values: list[dict[str, Any]], *, empty: str) -> None:
    """A table of last values, with unit and age."""
    rows = [{**value, "value": shown(value), "age": clock.age(value["age_s"])} for value in values]
    session.out.rows(rows, ["signal", "value", "unit", "age", "time"], empty=empty)


def shown(value: dict[str, Any]) -> Any:
    """A value's number, or its text."""
    return value["value"] if value["text"] is None else value["text"]
