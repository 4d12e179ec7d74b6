"""``/operations/quarantine``: payloads that could not be read, and trying them again."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from starlette.requests import Request  # noqa: TC002  # FastAPI reads annotations
from starlette.responses import RedirectResponse, Response

from kaido.console.changing import Changing, Word  # noqa: TC001  # FastAPI reads annotations
from kaido.console.page import Asking, PageRoute, Viewer, link, name, render

router = APIRouter(route_class=PageRoute)

PATH = "/operations/quarantine"
IN_A_PAGE = 50
BYTES_SHOWN = 4_096
REASONS = {
    "malformed": "It is no message of its kind: cut off, corrupted, or of another protocol.",
    "unknown_manifest": "It names a decoder manifest that was never imported.",
    "unknown_signal": "It has a signal that its manifest does not have.",
    "complex_signal": "It has a value of a kind that Kaido does not read.",
    "no_signal": "It names no signal.",
    "no_value": "A signal of it has no value.",
    "no_samples": "It has nothing to store.",
    "bad_time": "Its time cannot be: before 1970, or far ahead.",
    "unknown_kind": "It came on a topic that Kaido does not know.",
    "internal": "Kaido failed at it, not the vehicle: please report this.",
}
"""What the codes mean."""
DONE = {"replayed": "went back into the journal and through ingest", "forgotten": "deleted for good"}
Text = Annotated[str, Query(max_length=200)]
Count = Annotated[int, Query(ge=0, le=10**9)]


@router.get(PATH)
async def page(
    request: Request,
    person: Viewer,
    api: Asking,
    reason: Text = "",
    vehicle: Text = "",
    after: Text = "",
    done: Text = "",
    count: Count = 0,
    kept: Count = 0,
) -> Response:
    """The newest first; by reason and vehicle."""
    asked = {"reason": reason, "vehicle": vehicle, "after": after, "limit": IN_A_PAGE}
    found, reasons, matching = await asyncio.gather(
        api.get("/quarantine", asked),
        api.get("/quarantine/reasons"),
        api.get("/quarantine/reasons", {"reason": reason, "vehicle": vehicle}),
    )
    return render(
        request,
        "operations/quarantine.html",
        title="Quarantine",
        payloads=found["items"],
        more=link(PATH, reason=reason, vehicle=vehicle, after=found["next"]) if found["next"] else "",
        reasons=reasons["items"],
        meanings=REASONS,
        matching=matching,
        reason=reason,
        vehicle=vehicle,
        after=after,
        done=DONE.get(done, ""),
        count=count,
        kept=kept,
        lacks=person.lacks("write"),
    )


@router.get(f"{PATH}/{{id}}")
async def one(request: Request, person: Viewer, api: Asking, id: str) -> Response:  # noqa: A002  # the parameter's name in URLs
    """One payload with its bytes and, as far as it can be, decoded."""
    found = await api.get(f"/quarantine/{name(id)}")
    return render(
        request,
        "operations/payload.html",
        title="A payload in quarantine",
        payload=found,
        lines=_dump(bytes.fromhex(found["payload"][: 2 * BYTES_SHOWN])),
        left_out=max(found["bytes"] - BYTES_SHOWN, 0),
        meaning=REASONS.get(found["reason"].partition(":")[0], ""),
        lacks=person.lacks("write"),
    )


@router.post(f"{PATH}/replay")
async def replay(
    person: Viewer,
    api: Changing,
    reason: Word = "",
    vehicle: Word = "",
    id: Annotated[str, Form(max_length=200)] = "",  # noqa: A002  # as above
) -> Response:
    """Try again what matches, or one."""
    del person
    answer = await api.post("/quarantine/replay", _which(reason, vehicle, id))
    return _back(reason, vehicle, done="replayed", count=answer["replayed"], kept=answer["kept"])


@router.post(f"{PATH}/forget")
async def forget(
    person: Viewer,
    api: Changing,
    reason: Word = "",
    vehicle: Word = "",
    id: Annotated[str, Form(max_length=200)] = "",  # noqa: A002  # as above
) -> Response:
    """Delete what matches, or one."""
    del person
    answer = await api.post("/quarantine/drop", _which(reason, vehicle, id))
    return _back(reason, vehicle, done="forgotten", count=answer["dropped"])


def _which(reason: str, vehicle: str, id: str) -> dict[str, Any]:  # noqa: A002  # as above
    return {"ids": [id]} if id else {"all": True, "reason": reason or None, "vehicle": vehicle or None}


def _back(reason: str, vehicle: str, **told: Any) -> Response:
    return RedirectResponse(link(PATH, reason=reason, vehicle=vehicle, **told), 303)


def _dump(content: bytes) -> list[str]:
    """Sixteen bytes a line, as offset, hexadecimal and text."""
    lines = []
    for at in range(0, len(content), 16):
        part = content[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)  # noqa: PLR2004  # printable ASCII
        lines.append(f"{at:06x}  {part.hex(' '):47}  {text}")
    return lines
