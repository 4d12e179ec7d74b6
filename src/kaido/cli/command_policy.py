"""``kaido command policy``: what a company allows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import yaml

from kaido.cli.context import command
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from kaido.cli.context import Session

_MOST_BYTES = 1_000_000


@click.group
def policy() -> None:
    """Who may command what, under which conditions, how often."""


@command(policy, "show")
def show(session: Session) -> None:
    """Show the policy, as YAML that `set` takes."""
    found = session.client.get("/v1/command-policy")
    if session.out.as_json:
        session.out.item(found)
    else:
        short = found | {"rules": [_said(rule) for rule in found["rules"]]}
        click.echo(yaml.safe_dump(short, sort_keys=False, allow_unicode=True), nl=False)


@command(policy, "set")
@click.argument("file", type=click.Path(path_type=Path))
def set_(session: Session, file: Path) -> None:
    """Replace the policy by what a YAML or JSON file says."""
    done = session.client.put("/v1/command-policy", _read(file))
    signing = "commands are signed" if done["signing"] else "commands are not signed"
    session.out.done(f"the policy for commands is set: {len(done['rules'])} rules; {signing}", done)


def _said(rule: dict[str, Any]) -> dict[str, Any]:
    """What a rule says; what it leaves open is not worth a line."""
    return {name: value for name, value in rule.items() if value not in (None, False, [])}


def _read(file: Path) -> object:
    try:
        with file.open("rb") as handle:
            content = handle.read(_MOST_BYTES)
        document = yaml.safe_load(content)
    except OSError as error:
        raise InvalidInputError(f"the file {file} cannot be read", why=error.strerror or str(error)) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise InvalidInputError(f"{file} is no YAML", why=" ".join(str(error).split())[:200]) from error
    if not isinstance(document, dict):
        raise InvalidInputError(
            f"{file} is no policy", why="a policy is a mapping", fix="See: kaido command policy show"
        )
    return document
