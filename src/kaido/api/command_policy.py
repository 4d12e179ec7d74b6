"""``/v1/command-policy``: what a company allows."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body

from kaido.api.auth import Admin, Reader, Rooms  # noqa: TC001  # FastAPI reads annotations

router = APIRouter(prefix="/command-policy", tags=["command policy"])

_EXAMPLE = {
    "rules": [
        {
            "actuators": ["Vehicle.Cabin.Door.*"],
            "require": [{"condition": "Vehicle.Speed == 0", "max_age": "5s"}],
            "approval": True,
        }
    ]
}
_Document = Annotated[
    dict[str, Any],
    Body(
        description="`rules` (each with `actuators`, and any of `forbidden`, `issuers`, `require`, `approval`, "
        "`reason`, `per_vehicle`, `per_issuer`), `per_vehicle`, `per_issuer`, `approve_within`, `signing`.",
        examples=[_EXAMPLE],
    ),
]


@router.get("", summary="Show the policy for commands")
def show(caller: Reader, rooms: Rooms) -> dict[str, Any]:
    """All of it, what is usual too."""
    return rooms.commands.policies.get(caller.company).model_dump(mode="json")


@router.put("", summary="Set the policy for commands")
def set_(document: _Document, caller: Admin, rooms: Rooms) -> dict[str, Any]:
    """Replace it as a whole; it holds for what is sent from now on, and for what waits."""
    from kaido.commands.policy import read_policy  # noqa: PLC0415  # heavy, as the rest of the room

    policy = read_policy(document)
    caller.notes["policy"] = policy.to_document()
    rooms.commands.policies.set(caller.company, policy, caller.name)
    return policy.model_dump(mode="json")
