"""``kaido catalog``: signals and decoder manifests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kaido.cli.context import command

if TYPE_CHECKING:
    from kaido.cli.context import Session


@click.group
def catalog() -> None:
    """Signals (COVESA VSS) and decoder manifests (what the bits on a car's buses mean)."""


@command(catalog, "import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", default="", help="The manifest's name.  [default: the file's]")
@click.option("--mapping", type=click.Path(path_type=Path), help="A YAML or JSON file: CAN signal to VSS path.")
@click.option("--namespace", default="", help="Of unmapped CAN signals.  [default: the manifest's name]")
@click.option("--interface", default="can0", show_default=True, help="The bus that the file describes; 'any' for all.")
@click.option("--obd", is_flag=True, help="Add the standard PIDs of OBD-II, which `kaido agent --obd` asks for.")
def import_(
    session: Session, file: Path, name: str, mapping: Path | None, namespace: str, interface: str, obd: bool
) -> None:
    """Import a VSS export (.json, .yaml) or a CAN database (.dbc, .arxml, .kcd, .sym)."""
    files = {"file": file} | ({"mapping": mapping} if mapping else {})
    fields = {"name": name, "namespace": namespace, "interface": "" if interface == "any" else interface}
    fields |= {"obd": "true"} if obd else {}
    done = session.client.upload("/v1/catalog/import", files, fields=fields)
    for note in done["notes"]:
        session.out.say(f"  note: {note}")
    session.out.done(_sentence(file, done), done)


@command(catalog, "list")
@click.argument("glob", required=False)
def list_(session: Session, glob: str | None) -> None:
    """List signals; GLOB is like '*.Wheel.*.Speed'."""
    rows = list(session.client.pages("/v1/catalog/signals", {"glob": glob}))
    session.out.rows(rows, ["path", "unit", "datatype", "description"], empty="no signal is named like that")


@command(catalog, "manifests")
def manifests(session: Session) -> None:
    """List decoder manifests."""
    rows = session.client.get("/v1/catalog/manifests")
    session.out.rows(rows, ["name", "sync_id", "created"], empty="none yet; try: kaido catalog import FILE.dbc")


@command(catalog, "show")
@click.argument("name")
def show(session: Session, name: str) -> None:
    """Show the signals of a decoder manifest, by its name or sync id."""
    document = session.client.get(f"/v1/catalog/manifests/{name}")
    if session.out.as_json:
        session.out.item(document)
        return
    own, asked, named = document["signals"], document.get("obd", []), document.get("values", [])
    session.out.say(f"{document['sync_id']}: {len(own) + len(asked) + len(named)} signals")
    rows = [_row(number, signal) for number, signal in enumerate(own, start=1)]
    rows += [_asked_row(number, signal) for number, signal in enumerate(asked, start=len(own) + 1)]
    rows += [_named_row(number, signal) for number, signal in enumerate(named, start=len(own) + len(asked) + 1)]
    session.out.rows(
        rows,
        ["id", "path", "unit", "message", "bits", "factor", "offset"],
    )


def _sentence(file: Path, done: dict[str, Any]) -> str:
    if done["kind"] == "signals":
        change = "the catalog has them now" if done["changed"] else "nothing changed"
        return f"{file.name}: {done['signals']} signals; {change}"
    change = "current now" if done["changed"] else "current before; nothing changed"
    return f"manifest {done['name']} is {done['sync_id']} with {done['signals']} signals ({change})"


def _row(number: int, signal: dict[str, Any]) -> dict[str, Any]:
    width = 8 if signal.get("extended") else 3
    bus = signal.get("interface", "")
    order = "big-endian" if signal.get("big_endian") else "little-endian"
    kind = "float" if signal.get("is_float") else "signed" if signal.get("signed") else "unsigned"
    multiplexed = ", multiplexed" if signal.get("selectors") else ""
    return {
        "id": number,
        "path": signal["path"],
        "unit": signal.get("unit") or None,
        "message": f"{bus} {signal['message_id']:0{width}X}".strip(),
        "bits": f"{signal['start_bit_lsb']}+{signal['length']} {order} {kind}{multiplexed}",
        "factor": float(signal.get("factor", 1)),
        "offset": float(signal.get("offset", 0)),
    }


def _asked_row(number: int, signal: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": number,
        "path": signal["path"],
        "unit": signal.get("unit") or None,
        "message": f"{signal.get('interface', '')} OBD {signal['service_mode']:02X} {signal['pid']:02X}".strip(),
        "bits": f"{signal['byte_length']} bytes from {signal['start_byte']}",
        "factor": float(signal.get("scaling", 1)),
        "offset": float(signal.get("offset", 0)),
    }


def _named_row(number: int, signal: dict[str, Any]) -> dict[str, Any]:
    unit = signal.get("unit") or None
    return {"id": number, "path": signal["path"], "unit": unit, "message": "from a program", "bits": signal["datatype"]}
