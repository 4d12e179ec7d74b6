"""``/v1/catalog``: signals and decoder manifests."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import UploadFile

from kaido.api.auth import Reader, Rooms, Writer  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import After, Limit, Page
from kaido.catalog import sandbox
from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.obd_pids import standard_pids
from kaido.catalog.signal import matches
from kaido.errors import InvalidInputError, TooLargeError

if TYPE_CHECKING:
    from starlette.datastructures import FormData

router = APIRouter(prefix="/catalog", tags=["catalog"])

_FORM_OVERHEAD_BYTES = 100_000
_FIELDS = {
    "file": "A VSS export (JSON, YAML) or a CAN database (DBC, ARXML, KCD, SYM).",
    "mapping": "A mapping file (YAML, JSON): CAN signal to VSS path.",
    "name": "The manifest's name; the file's where not given.",
    "namespace": "The namespace of unmapped CAN signals; the manifest's name where not given.",
    "interface": "The bus that the database describes, `can0` where not given; empty means any.",
    "obd": "`true` adds the standard PIDs of OBD-II, which the agent asks the car's ECUs for.",
}
_FORM = {
    "type": "object",
    "required": ["file"],
    "properties": {
        name: {"type": "string", "description": about}
        | ({"contentMediaType": "application/octet-stream"} if name in {"file", "mapping"} else {})
        for name, about in _FIELDS.items()
    },
}


class Imported(BaseModel):
    """What an import brought."""

    kind: str = Field(description="`signals` (VSS) or `manifest` (a CAN database).")
    name: str = Field(description="The manifest's name, or the file's.")
    sync_id: str | None = None
    signals: int = Field(description="How many signals the file has.")
    changed: bool = Field(description="Whether anything is other than before.")
    notes: list[str] = Field(default=[], description="What was left out, taken as given, or converted.")


class SignalOut(BaseModel):
    """A signal."""

    model_config = ConfigDict(from_attributes=True)

    path: str
    kind: str
    datatype: str
    unit: str
    description: str
    min: float | None
    max: float | None
    allowed: list[str | float] = Field(description="The only values there are; empty where that is not said.")
    critical: bool = Field(description="Whether a command to it needs a second person's approval.")


class ManifestOut(BaseModel):
    """The current version of a manifest."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    sync_id: str
    created: datetime


@router.post(
    "/import",
    summary="Import a VSS catalog or a CAN database",
    openapi_extra={"requestBody": {"content": {"multipart/form-data": {"schema": _FORM}}, "required": True}},
)
async def import_(request: Request, caller: Writer, rooms: Rooms) -> Imported:
    """The same file again changes nothing. A CAN database makes a new version of its manifest; old ones stay."""
    _check_length(request)
    async with request.form(max_files=2, max_fields=len(_FIELDS), max_part_size=_FORM_OVERHEAD_BYTES) as form:
        obd, wanted = await _wanted(form)
    imported = await run_in_threadpool(_import, rooms, caller.company, wanted, obd=obd)
    caller.notes.update(name=imported.name, sync_id=imported.sync_id, changed=imported.changed)
    if imported.changed:
        rooms.announce(caller.company, "catalog")
    return imported


@router.get("/signals", summary="List signals")
def signals(
    caller: Reader,
    rooms: Rooms,
    glob: Annotated[str | None, Query(max_length=200, description="Only paths like `*.Wheel.*.Speed`.")] = None,
    search: Annotated[
        str, Query(max_length=200, description="Only those in whose path or description all of these words are.")
    ] = "",
    kind: Annotated[str | None, Query(max_length=20, description="Only of this kind: `actuator`, `sensor` …")] = None,
    limit: Limit = 1000,
    after: After = None,
) -> Page[SignalOut]:
    """Those of the company's catalog, of its manifests, and the standard ones; by path, in pages."""
    words = search.lower().split()
    found = [
        one
        for one in rooms.catalog.signals(caller.company, glob)
        if (after is None or one.path > after)
        and matches(one.path, one.description, words)
        and kind in {None, one.kind}
    ]
    items = [SignalOut.model_validate(one) for one in found[: limit + 1]]
    return Page[SignalOut].of(items, limit, lambda one: one.path)


@router.get("/manifests", summary="List decoder manifests")
def manifests(caller: Reader, rooms: Rooms) -> list[ManifestOut]:
    """The current version of each, by name."""
    return [ManifestOut.model_validate(one) for one in rooms.catalog.manifests(caller.company)]


@router.get("/manifests/{name}", summary="Show a decoder manifest")
def manifest(name: str, caller: Reader, rooms: Rooms) -> dict[str, Any]:
    """The current version, or that of a sync id, with every signal; fields that have their default are left out."""
    find = rooms.catalog.manifest_by_sync_id if "@" in name else rooms.catalog.manifest
    return find(caller.company, name).to_json()


def _check_length(request: Request) -> None:
    """Refuse a body before it is written anywhere: the form parser itself knows no bound for files."""
    stated = request.headers.get("content-length", "")
    if not stated.isdigit():
        raise InvalidInputError("the request does not state its length", fix="Send the header Content-Length")
    if int(stated) > sandbox.MOST_BYTES + _FORM_OVERHEAD_BYTES:
        raise TooLargeError("the file is too large for a catalog", why=f"at most {sandbox.MOST_BYTES} bytes are taken")


async def _wanted(form: FormData) -> tuple[bool, sandbox.Request]:
    file, mapping = form.get("file"), form.get("mapping")
    if not isinstance(file, UploadFile):
        raise InvalidInputError("the request has no file", fix="Send it as the field 'file' of a multipart form")
    words = {name: value for name, value in form.items() if isinstance(value, str) and name != "mapping"}
    if unknown := set(form) - set(_FIELDS):
        raise InvalidInputError(f"the form has {sorted(unknown)[:5]}", why=f"only {', '.join(_FIELDS)} are known")
    return words.get("obd", "") == "true", sandbox.Request(
        data=await file.read(),
        name=file.filename or "file",
        mapping=await mapping.read() if isinstance(mapping, UploadFile) else (mapping or "").encode(),
        mapping_name=(mapping.filename if isinstance(mapping, UploadFile) else None) or "mapping",
        manifest=words.get("name", ""),
        namespace=words.get("namespace", ""),
        interface=words.get("interface", "can0"),
    )


def _import(rooms: Rooms, company: str, wanted: sandbox.Request, *, obd: bool) -> Imported:
    if wanted.mapping:
        wanted = dataclasses.replace(wanted, catalog=tuple(rooms.catalog.imported(company)))
    read = sandbox.read(wanted)
    if isinstance(read, DecoderManifest):
        read = read.with_obd(standard_pids()) if obd else read
        changed = rooms.catalog.save_manifest(company, read)
        return Imported(
            kind="manifest",
            name=read.name,
            sync_id=read.sync_id,
            signals=len(read.ids),
            changed=changed,
            notes=list(read.notes),
        )
    count = rooms.catalog.import_signals(company, read)
    return Imported(kind="signals", name=wanted.name, signals=len(read), changed=count > 0)
