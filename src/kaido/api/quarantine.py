"""``/v1/quarantine``: payloads that could not be read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message
from pydantic import BaseModel, ConfigDict, Field

from kaido.api.auth import Reader, Rooms, Writer  # noqa: TC001  # FastAPI reads annotations
from kaido.api.looks import look
from kaido.api.pages import After, Page
from kaido.api.replay import replay
from kaido.errors import InvalidInputError, NotFoundError
from kaido.flow_names import UpKind
from kaido.lake.reads import Kept
from kaido.wire import kaido_wire_pb2 as wire
from kaido.wire import snappy

router = APIRouter(prefix="/quarantine", tags=["quarantine"])

ReasonCode = Annotated[str | None, Query(description="Only those of this reason code.", max_length=100)]
Sender = Annotated[str | None, Query(description="Only those of this vehicle.", max_length=200)]

_MESSAGES: dict[int, type[Message]] = {
    UpKind.CHECKIN: wire.Checkin,
    UpKind.SIGNALS: wire.VehicleData,
    UpKind.LAST_KNOWN_STATE: wire.LastKnownStateData,
    UpKind.COMMAND_RESPONSE: wire.CommandResponse,
}


class Quarantined(BaseModel):
    """A payload that could not be read."""

    id: str
    vehicle: str = Field(description="Who sent it; empty where that could not be read either.")
    kind: str = Field(description="What it should have been.")
    arrival: datetime
    reason: str = Field(description="A code, and what a person wants to know.")
    bytes: int


class QuarantinedDetail(Quarantined):
    """A payload with its content."""

    payload: str = Field(description="Hexadecimal.")
    decoded: dict[str, Any] | None = Field(description="What it says, where it is a message of its kind after all.")


class Which(BaseModel):
    """Some payloads, or all of a kind."""

    model_config = ConfigDict(extra="forbid")

    ids: list[str] = Field([], max_length=100_000)
    all: bool = Field(False, description="All that lie there now: of the reason and the vehicle, where they are given.")
    reason: str | None = Field(None, description="With `all`: only payloads of this reason code.", max_length=100)
    vehicle: str | None = Field(None, description="With `all`: only payloads of this vehicle.", max_length=200)

    @property
    def kept(self) -> Kept:
        """Which of all."""
        return Kept(self.reason, self.vehicle)


class Reason(BaseModel):
    """Why payloads could not be read."""

    reason: str = Field(description="A code: what `reason=` takes.")
    payloads: int
    vehicles: int
    bytes: int
    newest: datetime


class Reasons(BaseModel):
    """The reasons in quarantine, the most frequent first, and all together."""

    items: list[Reason]
    payloads: int
    vehicles: int


class Replayed(BaseModel):
    """What went back into the journal."""

    replayed: int
    kept: int = Field(description="No payload of a vehicle; they stay.")


class Dropped(BaseModel):
    """What was deleted."""

    dropped: int


@router.get("", summary="List payloads that could not be read")
def list_(
    caller: Reader,
    rooms: Rooms,
    limit: Annotated[int, Query(ge=1, le=200, description="How many items at most.")] = 100,
    after: After = None,
    reason: ReasonCode = None,
    vehicle: Sender = None,
) -> Page[Quarantined]:
    """The newest first, in pages."""
    kept = Kept(reason, vehicle)
    rows = rooms.lake(caller.company).quarantined(limit=limit + 1, after=after, kept=kept).to_pylist()
    return Page[Quarantined].of([Quarantined(**_outline(row)) for row in rows], limit, lambda one: one.id)


@router.get("/reasons", summary="Why payloads could not be read")
def reasons(caller: Reader, rooms: Rooms, reason: ReasonCode = None, vehicle: Sender = None) -> Reasons:
    """The codes, how many payloads each has, of how many vehicles, and when the newest arrived."""
    rows = rooms.lake(caller.company).quarantine_reasons(Kept(reason, vehicle)).to_pylist()
    together = next((row for row in rows if row["reason"] is None), {"payloads": 0, "vehicles": 0})
    return Reasons(
        items=[Reason(**row) for row in rows if row["reason"] is not None],
        payloads=together["payloads"],
        vehicles=together["vehicles"],
    )


@router.get("/{id}", summary="Show a payload")
def show(id: str, caller: Reader, rooms: Rooms) -> QuarantinedDetail:  # noqa: A002  # it is what the field calls it
    """With its bytes and, as far as it can be, decoded."""
    rows = rooms.lake(caller.company).quarantined(ids=[id], limit=1).to_pylist()
    if not rows:
        raise _unknown(id)
    row = rows[0]
    look(rooms, caller, {"view": "quarantine", "id": id, "vehicle": row["vehicle"]})  # nobody knows what is in it
    return QuarantinedDetail(
        **_outline(row), payload=row["payload"].hex(), decoded=_decoded(row["kind"], row["payload"])
    )


@router.post("/replay", summary="Try payloads again")
async def replay_(which: Which, caller: Writer, rooms: Rooms) -> Replayed:
    """They go through ingest anew, for example after the missing manifest was imported."""
    _check(which)
    await run_in_threadpool(_check_known, rooms, caller.company, which.ids)
    replayed, kept = await replay(rooms, caller.company, which.kept if which.all else which.ids)
    caller.notes.update(replayed=replayed)
    return Replayed(replayed=replayed, kept=kept)


@router.post("/drop", summary="Delete payloads")
def drop(which: Which, caller: Writer, rooms: Rooms) -> Dropped:
    """For good."""
    _check(which)
    _check_known(rooms, caller.company, which.ids)
    lake = rooms.lake(caller.company)
    dropped = lake.drop_quarantined(lake.quarantined_ids(which.kept) if which.all else which.ids)
    caller.notes.update(dropped=dropped)
    return Dropped(dropped=dropped)


@router.delete("/{id}", summary="Delete a payload")
def delete(id: str, caller: Writer, rooms: Rooms) -> Dropped:  # noqa: A002  # as above
    """For good."""
    dropped = rooms.lake(caller.company).drop_quarantined([id])
    if not dropped:
        raise _unknown(id)
    caller.notes.update(id=id)
    return Dropped(dropped=dropped)


def _check(which: Which) -> None:
    if which.all == bool(which.ids):
        raise InvalidInputError("it is not said which payloads", fix="Give their ids, or say all")
    if which.ids and which.kept != Kept():
        raise InvalidInputError(
            "ids and a reason or vehicle do not go together",
            why="ids name the payloads already",
            fix="Say all with the reason and the vehicle, or give the ids alone",
        )


def _check_known(rooms: Rooms, company: str, ids: list[str]) -> None:
    """One that was replayed or deleted meanwhile is no reason to stop; where none is there, the names are wrong."""
    if ids and not rooms.lake(company).quarantined(ids=ids, limit=1).num_rows:
        raise _unknown(ids[0])


def _unknown(identifier: str) -> NotFoundError:
    return NotFoundError(f"no payload '{identifier}' in quarantine", fix="List them: kaido quarantine list")


def _outline(row: dict[str, Any]) -> dict[str, Any]:
    try:
        kind = UpKind(row["kind"]).name.lower()
    except ValueError:
        kind = f"unknown ({row['kind']})"
    return {
        "id": row["id"],
        "vehicle": row["vehicle"],
        "kind": kind,
        "arrival": row["arrival"],
        "reason": row["reason"],
        "bytes": len(row["payload"]),
    }


def _decoded(kind: int, payload: bytes) -> dict[str, Any] | None:
    """The payload as its message, or the Snappy block of one; None if it is neither."""
    if kind not in _MESSAGES:
        return None
    try:
        candidates = [payload, snappy.decompress(payload)]
    except snappy.SnappyError:
        candidates = [payload]
    for candidate in reversed(candidates):
        message = _MESSAGES[kind]()
        try:
            message.ParseFromString(candidate)
        except DecodeError:
            continue
        return MessageToDict(message, preserving_proto_field_name=True)
    return None
