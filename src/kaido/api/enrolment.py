"""``/v1/vehicles/{id}/enrol``: what a vehicle needs to connect."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kaido.api.auth import Rooms, Writer  # noqa: TC001  # FastAPI reads annotations
from kaido.company.enrolment import DAYS

if TYPE_CHECKING:
    from kaido.runtime.settings import Settings

router = APIRouter(prefix="/vehicles", tags=["vehicles"])


class EnrolmentWish(BaseModel):
    """How to enrol a vehicle."""

    csr: str | None = Field(
        None,
        description="A certificate signing request (PEM), where the vehicle keeps its own key.",
        max_length=100_000,
    )
    days: int = Field(DAYS, description="How long the certificate lasts.", ge=1, le=3650)


class EnrolmentOut(BaseModel):
    """What a vehicle needs to connect."""

    id: str
    certificate: str = Field(description="PEM.")
    key: str | None = Field(description="PEM; shown this once, kept nowhere. null with a signing request.")
    company_ca: str = Field(description="Who signed the certificate, PEM.")
    gateway_ca: str = Field(description="Whom the vehicle must trust as its gateway, PEM.")
    command_key: str | None = Field(
        description="By which the vehicle knows its company's commands, PEM (Ed25519); null where they are not signed."
    )
    host: str
    port: int
    serial: str
    not_after: datetime


@router.post("/{id}/enrol", status_code=201, summary="Enrol a vehicle")
def enrol(id: str, caller: Writer, rooms: Rooms, wish: EnrolmentWish | None = None) -> EnrolmentOut:  # noqa: A002
    """A certificate for a registered vehicle, with a new key or for the key of a signing request."""
    wish = wish or EnrolmentWish(csr=None, days=DAYS)
    enrolled = rooms.enrolment.enrol(caller.company, id, wish.csr, wish.days)
    caller.notes["serial"] = enrolled.serial
    rooms.announce(caller.company, "enrolled", id)
    host, port = _address(rooms.settings)
    return EnrolmentOut(
        id=id,
        certificate=enrolled.certificate_pem,
        key=enrolled.key_pem,
        company_ca=enrolled.ca_pem,
        gateway_ca=_gateway_ca(rooms.settings),
        command_key=rooms.commands.policies.public_key(caller.company),
        host=host,
        port=port,
        serial=enrolled.serial,
        not_after=enrolled.not_after,
    )


def _gateway_ca(settings: Settings) -> str:
    from kaido.gateway import certificates  # noqa: PLC0415  # only enrolling needs it

    certificates.ensure(settings)
    return (settings.data / "secrets" / "gateway" / "ca.pem").read_text()


def _address(settings: Settings) -> tuple[str, int]:
    """Where vehicles connect, as they see it."""
    host, _, port = settings.gateway_address.rpartition(":")
    if host:
        return host, int(port)
    own = settings.gateway_host
    return "localhost" if own in {"", "0.0.0.0", "::"} else own, settings.gateway_port  # noqa: S104  # compared, not bound
