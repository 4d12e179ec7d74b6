"""``kaido context``: the platforms that this command line knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kaido.cli.context import command
from kaido.client import contexts
from kaido.errors import InvalidInputError, NotFoundError

if TYPE_CHECKING:
    from kaido.cli.context import Session


@click.group
def context() -> None:
    """The platforms that this command line knows; `local` is the one on the data folder."""


@command(context, "add")
@click.argument("name")
@click.argument("url")
@click.option("--token", default="", help="The token; asked for where it is not given.")
@click.option("--company", default="", help="The company to act in.")
def add(session: Session, name: str, url: str, token: str, company: str) -> None:
    """Name a platform."""
    if name == contexts.LOCAL:
        raise InvalidInputError(f"the name '{name}' stands for the platform on the data folder", fix="Choose another")
    if not url.startswith(("http://", "https://")):
        raise InvalidInputError(f"'{url}' is no address of an API", fix="It begins with http:// or https://")
    current, known = contexts.load()
    known[name] = contexts.Context(url, token or click.prompt("Token", hide_input=True, err=True), company)
    contexts.save(current, known)
    session.out.done(f"context {name} is {url}", {"name": name, "url": url})


@command(context, "use")
@click.argument("name")
def use(session: Session, name: str) -> None:
    """Make a platform the one that commands talk to."""
    _, known = contexts.load()
    _check(name, known)
    contexts.save(name, known)
    session.out.done(f"commands now talk to {name}", {"current": name})


@command(context, "list")
def list_(session: Session) -> None:
    """The platforms, and which one is in use."""
    current, known = contexts.load()
    running = contexts.running_platform(session.settings)
    local = running.url if running else f"in process, on {session.settings.data}"
    rows = [{"name": contexts.LOCAL, "url": local, "company": None, "in_use": current == contexts.LOCAL}]
    rows += [
        {"name": name, "url": one.url, "company": one.company or None, "in_use": current == name}
        for name, one in known.items()
    ]
    session.out.rows(rows, ["name", "url", "company", "in_use"])


@command(context, "remove")
@click.argument("name")
def remove(session: Session, name: str) -> None:
    """Forget a platform."""
    current, known = contexts.load()
    _check(name, known)
    known.pop(name, None)
    contexts.save(contexts.LOCAL if current == name else current, known)
    session.out.done(f"context {name} is forgotten", {"removed": name})


def _check(name: str, known: dict[str, contexts.Context]) -> None:
    if name not in known and name != contexts.LOCAL:
        raise NotFoundError.of("context", name, [*known, contexts.LOCAL], fix="Try: kaido context list")
