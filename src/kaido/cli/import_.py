"""``kaido import``: whole recordings into the lake."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import click

from kaido.cli.context import single
from kaido.errors import InvalidInputError, KaidoError, NotFoundError, from_problem
from kaido.recordings import KINDS, open_recording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.cli.context import Session

_POLL_SECONDS = 0.1
_PIECE_BYTES = 1 << 20
_SHOWN = 5
_COLUMNS = ["id", "file", "vehicle", "state", "created", "updated"]


@single("import")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="FILE…")
@click.option("--vehicle", help="Whose recordings they are; a registered vehicle.")
@click.option(
    "--dbc", type=click.Path(path_type=Path), help="A CAN database (.dbc, .arxml, .kcd, .sym) to import first."
)
@click.option("--manifest", help="A decoder manifest of the catalog.  [default: the vehicle's]")
@click.option("--mapping", type=click.Path(path_type=Path), help="With --dbc: CAN signal to VSS path.")
@click.option("--namespace", default="", help="With --dbc: of unmapped CAN signals.")
@click.option("--interface", default="can0", show_default=True, help="With --dbc: the bus it describes; 'any' for all.")
@click.option("--kind", metavar="KIND", help=f"What the files are: {', '.join(KINDS)}.  [default: the content tells]")
@click.option("--start", metavar="TIME", help="The time of the first frame: 2024-05-01T12:00Z.")
@click.option("--list", "list_", is_flag=True, help="List the imports so far.")
def import_(
    session: Session, files: tuple[Path, ...], vehicle: str | None, dbc: Path | None, list_: bool, **how: Any
) -> None:
    """Decode recordings into the lake. The same recording again changes nothing."""
    if list_:
        rows = list(session.client.pages("/v1/imports"))
        session.out.rows(rows, _COLUMNS, empty="nothing was imported yet")
        return
    if not files or not vehicle:
        raise click.UsageError("give at least one FILE, and the vehicle with --vehicle ID")
    if dbc and how["manifest"]:
        raise click.UsageError("give either --dbc or --manifest")
    _check_start(how["start"])
    for file in files:  # before anything is sent or changed
        open_recording(file, kind=how["kind"])
    _check_vehicle(session, vehicle)
    manifest = _catalogued(session, dbc, **how) if dbc else how["manifest"]
    results: list[dict[str, Any]] = []
    failures: list[KaidoError] = []
    for file in files:
        try:
            results.append(_import(session, file, vehicle, manifest, how["kind"], how["start"]))
        except KaidoError as error:
            if len(files) == 1:
                raise
            failures.append(error)
            results.append({"file": file.name, "problem": error.problem()})
            session.out.say(f"{file.name}: {error}")
    if session.out.as_json:
        session.out.done("", results if len(files) > 1 else results[0])
    if failures:
        raise failures[0]


def _check_start(start: str | None) -> None:
    try:
        known = start is None or datetime.fromisoformat(start).tzinfo is not None
    except ValueError:
        known = False
    if not known:
        raise InvalidInputError(
            f"--start {start} is no time with its zone", fix="Write it like 2024-05-01T12:00Z or 2024-05-01T21:00+09:00"
        )


def _check_vehicle(session: Session, vehicle: str) -> None:
    try:
        session.client.get(f"/v1/vehicles/{quote(vehicle, safe='')}")
    except NotFoundError as error:
        fix = f"{error.fix} Register it: kaido vehicle register {vehicle}".strip()
        raise NotFoundError(error.what, fix=fix if "register" not in error.fix else error.fix) from error


def _catalogued(session: Session, dbc: Path, *, mapping: Path | None, namespace: str, interface: str, **_: Any) -> str:
    files = {"file": dbc} | ({"mapping": mapping} if mapping else {})
    fields = {"namespace": namespace, "interface": "" if interface == "any" else interface}
    done = session.client.upload("/v1/catalog/import", files, fields=fields)
    for note in done["notes"]:
        session.out.say(f"  note: {note}")
    return str(done["name"])


def _import(
    session: Session, file: Path, vehicle: str, manifest: str | None, kind: str | None, start: str | None
) -> dict[str, Any]:
    params = {
        "vehicle": vehicle,
        "manifest": manifest,
        "kind": kind,
        "start": start,
        "file": file.name,
    }
    size = file.stat().st_size
    with session.out.progress(file.name, 2 * size) as bar:

        def sent() -> Iterator[bytes]:
            done = 0
            with file.open("rb") as recording:
                while piece := recording.read(_PIECE_BYTES):
                    yield piece
                    done += len(piece)
                    bar(done, "sending")

        job = session.client.upload_stream("/v1/imports", sent(), params=params)
        while (state := session.client.get(f"/v1/imports/{job['id']}"))["state"] not in {"done", "failed"}:
            progress = state["progress"]
            bar(size + progress.get("bytes", 0), f"{progress.get('frames', 0):,} frames")
            time.sleep(_POLL_SECONDS)
    if state["problem"]:
        raise from_problem(state["problem"])
    result: dict[str, Any] = state["result"]
    _tell(session, result)
    return result


def _tell(session: Session, result: dict[str, Any]) -> None:
    counts = [f"{result['frames']:,} frames ({result['kind']})", f"{result['decoded']:,} decoded"]
    counts += [
        f"{result[name]:,} {text}"
        for name, text in (
            ("unknown", "with an unknown identifier"),
            ("too_short", "too short"),
            ("remote", "remote"),
            ("error", "error frames"),
        )
        if result[name]
    ]
    counts.append(f"{result['damaged']:,} damaged lines")
    say = session.out.say
    say(f"{result['file']}: {', '.join(counts)}")
    if result["already_imported"]:
        say(f"  all of its {result['samples']:,} samples were imported before; nothing changed")
    else:
        written = f"{result['samples_written']:,} of " if result["samples_written"] != result["samples"] else ""
        span = f"from {result['first']} to {result['last']}"
        say(f"  {written}{result['samples']:,} samples {span} in {result['seconds']:.1f} s")
    for line in result["damaged_lines"][:_SHOWN]:
        say(f"  line {line['number']}: {line['reason']}")
    if result["damaged"] > _SHOWN:
        say(f"  … and {result['damaged'] - _SHOWN:,} more damaged lines")
    for note in result["notes"]:
        say(f"  note: {note}")
