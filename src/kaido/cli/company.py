"""``kaido company``: companies and their certificate authorities."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from kaido.cli.context import command
from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from kaido.cli.context import Session

_MOST_BYTES = 100_000

_SEQUENCE = b"\x30"
"""How DER of a certificate begins."""


@click.group
def company() -> None:
    """Companies and their certificate authorities."""


@command(company, "create")
@click.argument("name")
@click.option(
    "--ca-certificate",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The certificate (PEM or DER) of the company's own authority, which then signs its vehicles' certificates; "
    "without it, Kaido makes one and can enrol vehicles.",
)
def create(session: Session, name: str, ca_certificate: Path | None) -> None:
    """Create a company."""
    certificate = None if ca_certificate is None else _read_certificate(ca_certificate)
    made = session.client.post("/v1/companies", {"name": name, "ca_certificate": certificate})
    session.out.done(
        f"company {name} is created\n  Register a vehicle: kaido vehicle register ID",
        made,
    )


@command(company, "list")
def list_(session: Session) -> None:
    """List the companies."""
    session.out.rows(
        list(session.client.pages("/v1/companies")),
        ["name", "created", "enrols"],
        empty="no company yet; create one: kaido company create NAME",
    )


@command(company, "show")
@click.argument("name")
def show(session: Session, name: str) -> None:
    """Show a company and its authority's certificate."""
    found = session.client.get(f"/v1/companies/{quote(name, safe='')}")
    if session.out.as_json:
        session.out.item(found)
        return
    certificate = found.pop("ca_certificate")
    session.out.item(found)
    click.echo(f"\n{certificate}", nl=False)


def _read_certificate(file: Path) -> str:
    try:
        with file.open("rb") as handle:
            content = handle.read(_MOST_BYTES + 1)
    except OSError as error:
        raise InvalidInputError(f"the file {file} cannot be read", why=error.strerror or str(error)) from error
    if len(content) > _MOST_BYTES:
        raise InvalidInputError(f"{file} is no certificate", why="it is too large")
    if b"-----BEGIN" not in content and not content.startswith(_SEQUENCE):
        raise InvalidInputError(f"{file} is no certificate", why="it is neither PEM nor DER")
    if b"-----BEGIN" not in content:
        return ssl.DER_cert_to_PEM_cert(content)
    try:
        return content.decode("ascii")
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{file} is no certificate", why="it is neither PEM nor DER") from error
