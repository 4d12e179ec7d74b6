"""``kaido user``: who may sign in to the console."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.cli.context import command

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.cli.context import Session

ROLES = ("viewer", "engineer", "operator", "administrator")
_MOST_CHARACTERS = 2_000


@click.group
def user() -> None:
    """Users of the web console, and what their roles allow."""


def _password_options(function: Callable[..., None]) -> Callable[..., None]:
    function = click.option("--generate", is_flag=True, help="Make the password, and print it this once.")(function)
    return click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")(function)


@command(user, "create")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), required=True, help="viewer: read. engineer: and write. operator: "
              "read, and command vehicles. administrator: all of it, tokens and users too.")  # fmt: skip
@_password_options
def create(session: Session, name: str, role: str, password_stdin: bool, generate: bool) -> None:
    """Make a user; the password is asked for on the terminal."""
    password = _password(password_stdin, generate)
    made = session.client.post("/v1/users", {"name": name, "role": role, "password": password})
    _tell(session, made, f"user {name} is {_a(role)}", password if generate else None)


@command(user, "list")
def list_(session: Session) -> None:
    """List the users, their roles, and when they last signed in."""
    session.out.rows(
        list(session.client.pages("/v1/users")),
        ["name", "role", "by_oidc", "last_sign_in", "disabled"],
        empty="no user yet; make one: kaido user create NAME --role administrator",
    )


@command(user, "role")
@click.argument("name")
@click.argument("role", type=click.Choice(ROLES))
def role(session: Session, name: str, role: str) -> None:
    """Give a user another role; it counts at once."""
    session.out.done(f"user {name} is {_a(role)} now", _change(session, name, role=role))


@command(user, "password")
@click.argument("name")
@_password_options
def password(session: Session, name: str, password_stdin: bool, generate: bool) -> None:
    """Give a user a new password; it signs them out everywhere."""
    new = _password(password_stdin, generate)
    changed = _change(session, name, password=new)
    _tell(session, changed, f"user {name} has a new password", new if generate else None)


@command(user, "disable")
@click.argument("name")
def disable(session: Session, name: str) -> None:
    """Sign a user out everywhere, and let them in no more."""
    session.out.done(f"user {name} may no longer sign in", _change(session, name, disabled=True))


@command(user, "enable")
@click.argument("name")
def enable(session: Session, name: str) -> None:
    """Let a disabled user in again."""
    session.out.done(f"user {name} may sign in again", _change(session, name, disabled=False))


@command(user, "delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(session: Session, name: str, yes: bool) -> None:
    """Forget a user; what they did stays on record."""
    if not yes and not session.out.as_json:
        click.confirm(f"Delete user {name}?", abort=True, err=True)
    gone = session.client.delete(_path(name))
    session.out.done(f"user {name} is deleted", gone)


def _change(session: Session, name: str, **what: object) -> Any:
    return session.client.patch(_path(name), what)


def _path(name: str) -> str:
    return f"/v1/users/{quote(name, safe='')}"


def _password(from_stdin: bool, generate: bool) -> str:
    if from_stdin and generate:
        raise click.UsageError("--password-stdin or --generate, not both")
    if generate:
        from kaido.company import passwords  # noqa: PLC0415  # heavy; `kaido --help` does without

        return passwords.generated()
    if from_stdin:
        return sys.stdin.readline(_MOST_CHARACTERS).rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("no terminal to ask for the password on: give --password-stdin or --generate")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _tell(session: Session, user: dict[str, Any], text: str, generated: str | None) -> None:
    if generated is None:
        session.out.done(text, user)
    elif session.out.as_json:
        session.out.item({**user, "password": generated})
    else:
        session.out.say(f"{text}; the password, shown this once:")
        click.echo(generated)


def _a(role: str) -> str:
    return f"{'an' if role[0] in 'aeo' else 'a'} {role}"
