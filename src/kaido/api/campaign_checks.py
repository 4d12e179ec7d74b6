"""``/v1/campaigns/check``: what a campaign would be, before there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, Field

from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.campaigns import Wish  # noqa: TC001  # FastAPI reads annotations
from kaido.control import read_spec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kaido.control.checking import Fit

router = APIRouter(prefix="/campaigns", tags=["campaigns"])


class FitOut(BaseModel):
    """A campaign in the vehicles of one decoder manifest."""

    manifest: str
    sync_id: str
    runs: bool = Field(description="Whether these vehicles could run it.")
    reason: str | None = Field(description="Why not.")
    signals: int = Field(description="Signals that are collected.")
    condition_only: int = Field(description="Signals that conditions read besides.")
    condition: str = Field(description="The condition as vehicles evaluate it: in the units of their signals.")
    ring_samples: int = Field(description="Samples that a vehicle keeps at most until it sends.")
    memory_bytes: int = Field(description="What they take in the vehicle.")
    document_bytes: int = Field(description="The collection scheme, as the vehicle gets it.")
    notes: list[str]

    @classmethod
    def of(cls, fit: Fit) -> Self:
        """As the API shows it."""
        return cls(
            manifest=fit.manifest,
            sync_id=fit.sync_id,
            runs=fit.reason is None,
            reason=fit.reason,
            signals=fit.signals,
            condition_only=fit.condition_only,
            condition=fit.condition,
            ring_samples=fit.ring_samples,
            memory_bytes=fit.memory_bytes,
            document_bytes=fit.document_bytes,
            notes=list(fit.notes),
        )


class CheckOut(BaseModel):
    """A campaign that makes sense."""

    name: str
    spec: dict[str, Any] = Field(description="What it asks for, as it was understood.")
    manifests: list[FitOut]
    notes: list[str] = Field(description="What a person wants to know of it as a whole.")


@router.post("/check", summary="Check a campaign")
def check(wish: Wish, caller: Reader, rooms: Rooms) -> CheckOut:
    """Whether it makes sense, and what it would be in the vehicles of each decoder manifest. Nothing is kept."""
    spec = read_spec(wish)
    fits = rooms.campaigns.check(caller.company, spec)
    return CheckOut(
        name=spec.name,
        spec=spec.to_document(),
        manifests=[FitOut.of(fit) for fit in fits],
        notes=list(_notes(rooms.campaigns.unregistered(caller.company, spec))),
    )


def _notes(unregistered: Sequence[str]) -> Iterator[str]:
    from kaido.control.naming import shown  # noqa: PLC0415  # heavy; most commands do without

    if unregistered:
        yield f"it names {len(unregistered):,} vehicles that are not registered yet: {shown(unregistered)}"
