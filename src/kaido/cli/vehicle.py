"""``kaido vehicle``: register, change, revoke. Enrolling is in ``enrol.py``."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.cli.context import command
from kaido.cli.enrol import enrol
from kaido.cli.output import MOST
from kaido.errors import InvalidInputError
from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.cli.context import Session

_COLUMNS = ["id", "vin", "platform", "model", "market", "manifest", "registered", "revoked", "connection"]


@click.group
def vehicle() -> None:
    """Register, enrol and revoke vehicles."""


def _attributes(function: Callable[..., None]) -> Callable[..., None]:
    for name, about in (
        ("manifest", "Its decoder manifest, if not its model's."),
        ("market", "Where it is sold: JP, US…"),
        ("model", "Its model."),
        ("platform", "Its vehicle platform."),
        ("vin", "Its VIN or frame number."),
    ):
        function = click.option(f"--{name}", help=about)(function)
    return function


@command(vehicle, "register")
@click.argument("id", required=False)
@_attributes
@click.option(
    "--from",
    "file",
    metavar="CSV",
    type=click.Path(path_type=Path),
    help="Register a whole list, all or none: a header of id and any of vin,platform,model,market,manifest.",
)
def register(session: Session, id: str | None, file: Path | None, **attributes: str | None) -> None:  # noqa: A002
    """Register a vehicle, so that it may connect."""
    if (id is None) == (file is None):
        raise click.UsageError("give the ID of one vehicle, or a list with --from CSV")
    if file is not None:
        if any(attributes.values()):
            raise click.UsageError("with --from, what is known of the vehicles stands in the list")
        _register_list(session, file)
        return
    made = session.client.post("/v1/vehicles", {"id": id, **attributes})
    session.out.done(f"vehicle {id} is registered\n  Enrol it: kaido vehicle enrol {id}", made)


@command(vehicle, "list")
@click.option("--limit", type=click.IntRange(1, MOST), help="How many at most.")
def list_(session: Session, limit: int | None) -> None:
    """List the vehicles."""
    pages = islice(session.client.pages("/v1/vehicles", {"limit": min(limit or 1000, 1000)}), limit)
    rows = list(pages) if session.out.as_json else [one | {"connection": _connection(one)} for one in pages]
    session.out.rows(rows, _COLUMNS, empty="no vehicle yet; register one: kaido vehicle register ID")


@command(vehicle, "show")
@click.argument("id")
def show(session: Session, id: str) -> None:  # noqa: A002
    """Show a vehicle and its certificates."""
    found = session.client.get(_path(id))
    if session.out.as_json:
        session.out.item(found)
        return
    certificates = found.pop("certificates")
    session.out.item(found | {"connection": _connection(found)})
    click.echo()
    session.out.rows(
        certificates,
        ["serial", "not_after", "revoked"],
        empty=f"no certificate from the platform yet; enrol it: kaido vehicle enrol {id}",
    )


@command(vehicle, "campaigns")
@click.argument("id")
def campaigns(session: Session, id: str) -> None:  # noqa: A002
    """Show what a vehicle should collect, what it does collect, and why these differ."""
    rows = list(session.client.pages(_path(id, "/campaigns")))
    if not session.out.as_json:
        rows = [one | {"for": "-" if one["since_s"] is None else clock.age(one["since_s"])} for one in rows]
    columns = ["campaign", "state", "reason", "for", "detail", "checkin"]
    session.out.rows(rows, columns, empty=f"no campaign means {id}")


@command(vehicle, "set")
@click.argument("id")
@_attributes
def set_(session: Session, id: str, **attributes: str | None) -> None:  # noqa: A002
    """Change what is known of a vehicle; an empty value removes it."""
    given: dict[str, Any] = {name: value or None for name, value in attributes.items() if value is not None}
    if not given:
        raise click.UsageError("say what to change: --vin, --platform, --model, --market or --manifest")
    session.out.done(f"vehicle {id} is changed", session.client.patch(_path(id), given))


@command(vehicle, "revoke")
@click.argument("id")
@click.option("--yes", is_flag=True, help="Do not ask.")
def revoke(session: Session, id: str, yes: bool) -> None:  # noqa: A002
    """Refuse a vehicle from now on; its certificates are revoked for good, its data stays."""
    if not yes and not session.out.as_json:
        click.confirm(f"Refuse vehicle {id} from now on and revoke its certificates?", abort=True, err=True)
    done = session.client.post(_path(id, "/revoke"))
    session.out.done(f"vehicle {id} is revoked", done)


@command(vehicle, "restore")
@click.argument("id")
def restore(session: Session, id: str) -> None:  # noqa: A002
    """Take a revoked vehicle again."""
    done = session.client.post(_path(id, "/restore"))
    session.out.done(
        f"vehicle {id} is taken again; its old certificates stay revoked\n  Enrol it: kaido vehicle enrol {id}", done
    )


vehicle.add_command(enrol)


def _register_list(session: Session, file: Path) -> None:
    try:
        handle = file.open("rb")
    except OSError as error:
        raise InvalidInputError(f"the file {file} cannot be read", why=error.strerror or str(error)) from error
    with handle:
        made = session.client.upload_stream("/v1/vehicles/bulk", handle)
    session.out.done(f"{made['registered']} vehicles are registered", made)


def _connection(vehicle: dict[str, Any]) -> str:
    """Whether it is connected, for people."""
    known = vehicle["connection"]
    if known is None:
        return "never"
    if known["connected"]:
        return "connected"
    word = "unknown" if known["connected"] is None else "offline"
    return f"{word}, seen {clock.age(known['age_s'])} ago"


def _path(identifier: str, tail: str = "") -> str:
    return f"/v1/vehicles/{quote(identifier, safe='')}{tail}"
