"""``/v1/audit``: who changed what, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import select

from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.pages import After, Limit, Page
from kaido.errors import InvalidInputError
from kaido.store.tables import AuditRow

router = APIRouter(prefix="/audit", tags=["audit"])


class AuditOut(BaseModel):
    """A change that somebody made."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    who: str
    what: str
    moment: datetime
    details: dict[str, Any]


@router.get("", summary="Who changed what, and when")
def list_(
    caller: Reader,
    rooms: Rooms,
    limit: Limit = 100,
    after: After = None,
    who: Annotated[str | None, Query(description="Only what this token or user did.")] = None,
    what: Annotated[
        str | None, Query(description="Only what begins so: `commands`, `vehicles-revoke`.", max_length=128)
    ] = None,
    since: Annotated[AwareDatetime | None, Query(description="From this moment on.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before this moment.")] = None,
) -> Page[AuditOut]:
    """The newest first, in pages."""
    query = select(AuditRow).where(AuditRow.company == caller.company).order_by(AuditRow.id.desc())
    if who is not None:
        query = query.where(AuditRow.who == who)
    if what is not None:
        query = query.where(AuditRow.what.startswith(what, autoescape=True))
    if since is not None:
        query = query.where(AuditRow.moment >= since)
    if until is not None:
        query = query.where(AuditRow.moment < until)
    if after is not None:
        if not after.isascii() or not after.isdigit():
            raise InvalidInputError(f"'{after}' is not where a page ended", fix="Give `next` of the page before")
        query = query.where(AuditRow.id < int(after))
    with rooms.store.reading() as session:
        rows = session.scalars(query.limit(limit + 1)).all()
    items = [AuditOut.model_validate(row) for row in rows]
    return Page[AuditOut].of(items, limit, lambda one: str(one.id))
