"""``kaido token``: tokens for the API."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from kaido.cli.context import command
from kaido.errors import InvalidInputError
from kaido.runtime import clock

if TYPE_CHECKING:
    from datetime import datetime

    from kaido.cli.context import Session

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1), "y": timedelta(days=365)}
_SPAN = re.compile(r"([1-9][0-9]{0,4})([hdwy])")
_platform = click.option("--platform", is_flag=True, help="The operator's tokens, not a company's.")


@click.group
def token() -> None:
    """Tokens for the API."""


@command(token, "create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help="What it allows: read, write (vehicles, catalog, campaigns, imports), admin (tokens, revoking, the policy for "
    "commands), command (command vehicles). Repeatable.",
)
@click.option("--expires", metavar="SPAN", help="How long it lasts: 12h, 30d, 8w, 1y. For ever by default.")
@_platform
def create(session: Session, name: str, scopes: tuple[str, ...], expires: str | None, platform: bool) -> None:
    """Make a token and show its secret, this once."""
    wanted: dict[str, object] = {"name": name, "scopes": list(scopes)}
    if expires is not None:
        wanted["expires"] = clock.iso(parse_span(expires))
    made = session.client.post("/v1/tokens", wanted, {"platform": platform or None})
    if session.out.as_json:
        session.out.item(made)
        return
    session.out.say(f"token {name} ({', '.join(made['scopes'])}) of {made['company'] or 'the operator'}; keep it now:")
    click.echo(made["secret"])


@command(token, "list")
@_platform
def list_(session: Session, platform: bool) -> None:
    """List the tokens; not their secrets, which nobody has."""
    session.out.rows(
        list(session.client.pages("/v1/tokens", {"platform": platform or None})),
        ["id", "name", "scopes", "created", "expires", "last_used"],
        empty="no token yet; make one: kaido token create NAME --scope read",
    )


@command(token, "revoke")
@click.argument("name")
@_platform
@click.option("--yes", is_flag=True, help="Do not ask.")
def revoke(session: Session, name: str, platform: bool, yes: bool) -> None:
    """End a token, by its name or id, at once."""
    if not yes and not session.out.as_json:
        click.confirm(f"End token {name} at once?", abort=True, err=True)
    ended = session.client.delete(f"/v1/tokens/{quote(name, safe='')}", {"platform": platform or None})
    session.out.done(f"token {ended['name']} is revoked", ended)


def parse_span(text: str) -> datetime:
    """The moment that lies a span (``30d``) from now.

    Raises:
        InvalidInputError: it is no span.
    """
    match = _SPAN.fullmatch(text)
    if match is None:
        raise InvalidInputError(f"'{text}' is no span of time", fix="Write a number and h, d, w or y: 12h, 30d, 8w, 1y")
    try:
        return clock.now() + int(match[1]) * _UNITS[match[2]]
    except OverflowError as error:
        raise InvalidInputError(f"'{text}' is too long", fix="Leave --expires out for a token without end") from error
