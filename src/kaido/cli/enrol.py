"""``kaido vehicle enrol``: what a vehicle needs to connect, as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.cli.context import single
from kaido.errors import ConflictError, InvalidInputError
from kaido.runtime import folders

if TYPE_CHECKING:
    from kaido.cli.context import Session

KEY = "key.pem"
CERTIFICATE = "certificate.pem"
GATEWAY_CA = "gateway-ca.pem"
COMMAND_KEY = "command-key.pem"
_MOST_BYTES = 100_000


@single("enrol")
@click.argument("id")
@click.option(
    "--csr",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A certificate signing request (PEM), where the vehicle made its own key.",
)
@click.option("--days", type=click.IntRange(1, 3650), help="How long the certificate lasts; two years by default.")
@click.option(
    "--out", metavar="DIR", type=click.Path(path_type=Path), help="The folder for the files; ./ID by default."
)
def enrol(session: Session, id: str, csr: Path | None, days: int | None, out: Path | None) -> None:  # noqa: A002
    """Make a key and certificate for a vehicle, or sign its request."""
    request = None if csr is None else _read(csr)
    folder = out or Path(id)
    if request is None and (folder / KEY).exists():
        raise ConflictError(
            f"{folder / KEY} exists", why="it may be in use, so it is not overwritten", fix="Choose another --out"
        )
    wish = {name: value for name, value in (("csr", request), ("days", days)) if value is not None}
    session.client.get(f"/v1/vehicles/{quote(id, safe='')}")  # no folder for a vehicle that is not there
    folders.make(folder, mode=folders.PRIVATE, option="--out")
    made = session.client.post(f"/v1/vehicles/{quote(id, safe='')}/enrol", wish)
    files = _write(folder, made)
    gateway = f"{made['host']}:{made['port']}"
    session.out.done(
        f"vehicle {id} is enrolled until {made['not_after']}; its files are in {folder}\n"
        f"  Connect it: kaido agent --credentials {folder} --endpoint {gateway} --bus socketcan:can0",
        {name: made[name] for name in ("id", "host", "port", "serial", "not_after")} | files,
    )


def _write(folder: Path, made: dict[str, Any]) -> dict[str, str | None]:
    """Write the files; their paths. The key first: it is the one that cannot be had again."""
    if made["key"] is not None:
        folders.write_atomically(folder / KEY, made["key"].encode(), mode=0o600)
    folders.write_atomically(folder / CERTIFICATE, made["certificate"].encode())
    folders.write_atomically(folder / GATEWAY_CA, made["gateway_ca"].encode())
    if made.get("command_key"):
        folders.write_atomically(folder / COMMAND_KEY, made["command_key"].encode())
    return {
        "key": str(folder / KEY) if made["key"] is not None else None,
        "certificate": str(folder / CERTIFICATE),
        "gateway_ca": str(folder / GATEWAY_CA),
    }


def _read(file: Path) -> str:
    try:
        with file.open("rb") as handle:
            return handle.read(_MOST_BYTES).decode("ascii")
    except OSError as error:
        raise InvalidInputError(f"the file {file} cannot be read", why=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(f"{file} is no signing request in PEM") from error
