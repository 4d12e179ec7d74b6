"""``/v1/vehicles``: registering, changing, revoking."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from kaido.api.auth import Admin, Reader, Rooms, Writer  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import After, Limit, Page
from kaido.company import registrations
from kaido.errors import TooLargeError
from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.api.services import Services
    from kaido.control.presence_records import Contact

router = APIRouter(prefix="/vehicles", tags=["vehicles"])


class Attributes(BaseModel):
    """What is known of a vehicle besides its id."""

    model_config = ConfigDict(extra="forbid")

    vin: str | None = Field(None, description="VIN, or the frame number of a Japanese-market car.")
    platform: str | None = Field(None, description="The vehicle platform.", examples=["CMF-EV"])
    model: str | None = Field(None, description="The model; also the name of its decoder manifest.")
    market: str | None = Field(None, description="Where it is sold.", examples=["JP"])
    manifest: str | None = Field(None, description="The name of its decoder manifest, if not its model's.")


class NewVehicle(Attributes):
    """A vehicle to register."""

    id: str = Field(description="Its id within the company; not a VIN.", examples=["car-1"])


class Connection(BaseModel):
    """A vehicle's connection to a gateway."""

    connected: bool | None = Field(description="Null where nobody can say: no platform runs, or control is away.")
    since: datetime = Field(description="When its newest connection began.")
    last_seen: datetime = Field(description="When it was last known to be connected; now, where it is.")
    age_s: float = Field(description="Seconds from then to now.")

    @classmethod
    def of(cls, contact: Contact) -> Connection:
        """As the API shows it."""
        age_s = max((clock.now() - contact.seen).total_seconds(), 0.0)
        return cls(connected=contact.connected, since=contact.since, last_seen=contact.seen, age_s=round(age_s, 1))


class VehicleOut(BaseModel):
    """A vehicle."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    vin: str | None
    platform: str | None
    model: str | None
    market: str | None
    manifest: str | None
    registered: datetime
    revoked: datetime | None
    connection: Connection | None = Field(None, description="Null where it never connected.")


class CertificateOut(BaseModel):
    """A certificate that the platform issued."""

    model_config = ConfigDict(from_attributes=True)

    serial: str
    fingerprint: str = Field(description="SHA-256 of the DER form.")
    not_after: datetime
    revoked: datetime | None


class VehicleDetail(VehicleOut):
    """A vehicle with its certificates."""

    certificates: list[CertificateOut] = []


class Registered(BaseModel):
    """What a list registered."""

    registered: int


@router.post("", status_code=201, summary="Register a vehicle")
def register(new: NewVehicle, caller: Writer, rooms: Rooms) -> VehicleOut:
    """So that it may connect, once it has a certificate."""
    vehicle = rooms.vehicles.register(caller.company, **new.model_dump())
    caller.notes["vehicle"] = vehicle.id
    rooms.announce(caller.company, "registered", vehicle.id)
    return VehicleOut.model_validate(vehicle)


@router.post(
    "/bulk",
    status_code=201,
    summary="Register a list of vehicles",
    openapi_extra={"requestBody": {"content": {"text/csv": {"schema": {"type": "string"}}}, "required": True}},
)
async def register_list(request: Request, caller: Writer, rooms: Rooms) -> Registered:
    """The body is CSV with a header of `id` and any of `vin, platform, model, market, manifest`. All or none."""
    content = bytearray()
    async for piece in request.stream():
        content += piece
        if len(content) > registrations.MOST_BYTES:
            raise TooLargeError("the list is too large", why=f"at most {registrations.MOST_BYTES} bytes are taken")
    wanted = await run_in_threadpool(registrations.read_csv, bytes(content))
    vehicles = await run_in_threadpool(rooms.vehicles.register_all, caller.company, wanted)
    caller.notes["vehicles"] = len(vehicles)
    rooms.announce(caller.company, "registered")
    return Registered(registered=len(vehicles))


@router.get("", summary="List vehicles")
def list_(caller: Reader, rooms: Rooms, limit: Limit = 100, after: After = None) -> Page[VehicleOut]:
    """By id, in pages."""
    vehicles = rooms.vehicles.list(caller.company, limit + 1, after)
    shown = [VehicleOut.model_validate(one) for one in vehicles]
    _add_connections(rooms, caller.company, shown)
    return Page[VehicleOut].of(shown, limit, lambda one: one.id)


@router.get("/{id}", summary="Show a vehicle")
def show(id: str, caller: Reader, rooms: Rooms) -> VehicleDetail:  # noqa: A002  # it is what the field calls it
    """With the certificates that the platform issued to it."""
    detail = VehicleDetail.model_validate(rooms.vehicles.get(caller.company, id))
    detail.certificates = [
        CertificateOut.model_validate(one) for one in rooms.vehicles.certificates(caller.company, id)
    ]
    _add_connections(rooms, caller.company, [detail])
    return detail


@router.patch("/{id}", summary="Change a vehicle")
def change(id: str, attributes: Attributes, caller: Writer, rooms: Rooms) -> VehicleOut:  # noqa: A002
    """The attributes that are given; null removes one."""
    given = attributes.model_dump(exclude_unset=True)
    vehicle = rooms.vehicles.update(caller.company, id, **given)
    caller.notes.update(given)
    rooms.announce(caller.company, "changed", id)
    return VehicleOut.model_validate(vehicle)


@router.post("/{id}/revoke", summary="Revoke a vehicle")
def revoke(id: str, caller: Admin, rooms: Rooms) -> VehicleOut:  # noqa: A002
    """Refuse it from now on, close its connection, revoke its certificates. Its data stays."""
    vehicle = rooms.vehicles.revoke(caller.company, id)
    rooms.announce(caller.company, "revoked", id)
    return VehicleOut.model_validate(vehicle)


@router.post("/{id}/restore", summary="Take a revoked vehicle again")
def restore(id: str, caller: Admin, rooms: Rooms) -> VehicleOut:  # noqa: A002
    """Certificates that the platform issued stay revoked: enrol it anew."""
    vehicle = rooms.vehicles.restore(caller.company, id)
    rooms.announce(caller.company, "restored", id)
    return VehicleOut.model_validate(vehicle)


def _add_connections(rooms: Services, company: str, vehicles: Sequence[VehicleOut]) -> None:
    contacts = rooms.presence.contacts(company, [one.id for one in vehicles])
    for one in vehicles:
        if one.id in contacts:
            one.connection = Connection.of(contacts[one.id])
