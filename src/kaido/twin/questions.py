"""The two questions to a twin, as data: what travels over NATS, and what is answered from the disk alike."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from kaido.errors import InvalidInputError
from kaido.runtime import clock

if TYPE_CHECKING:
    import pyarrow as pa

    from kaido.twin.columns import Twin
    from kaido.twin.fleet import FleetQuestions


@dataclass(frozen=True)
class VehicleQuestion:
    """What is known of one vehicle?"""

    vehicle: str


@dataclass(frozen=True)
class FleetQuestion:
    """For which vehicles does ``where`` hold? See :meth:`kaido.twin.fleet.FleetQuestions.ask`."""

    where: str = ""
    select: tuple[str, ...] = ()
    limit: int = 100
    after: str = ""


Question = VehicleQuestion | FleetQuestion


def encode(question: Question) -> bytes:
    """The question as JSON."""
    kind = "vehicle" if isinstance(question, VehicleQuestion) else "fleet"
    return json.dumps({"ask": kind, **asdict(question)}).encode()


def decode(data: bytes) -> Question:
    """The question of a JSON text.

    Raises:
        InvalidInputError: it is none.
    """
    try:
        fields = json.loads(data)
        match fields.pop("ask"):
            case "vehicle":
                return VehicleQuestion(vehicle=str(fields["vehicle"]))
            case "fleet":
                select = tuple(str(path) for path in fields["select"])
                return FleetQuestion(str(fields["where"]), select, int(fields["limit"]), str(fields["after"]))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise InvalidInputError("this is no question to a twin", why=str(error)) from error
    raise InvalidInputError("this is no question to a twin", why="it asks for neither a vehicle nor a fleet")


def answer(question: Question, twin: Twin, fleet: FleetQuestions) -> pa.Table:
    """The answer: VEHICLE_SCHEMA for a vehicle, a row a vehicle for a fleet.

    Raises:
        NotFoundError: there is no such vehicle.
        InvalidInputError: the question makes no sense.
    """
    if isinstance(question, VehicleQuestion):
        return twin.vehicle(question.vehicle)
    return fleet.ask(
        question.where,
        select=question.select,
        limit=question.limit,
        after=question.after,
        now_us=clock.now_us(),
    )
