"""The twin of a folder where no platform runs: questions answered from the disk, imports folded into the snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kaido.twin import dividing, questions
from kaido.twin.attributes import Attributes
from kaido.twin.fleet import FleetQuestions
from kaido.twin.from_store import StoreReader
from kaido.twin.questions import FleetQuestion
from kaido.twin.recovery import fold_without_arrival

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from kaido.runtime.settings import Settings
    from kaido.store import Store


def vehicle(settings: Settings, company: str, vehicle_id: str) -> pa.Table:
    """What is known of a vehicle: ``kaido.twin.columns.VEHICLE_SCHEMA``, a row a signal.

    Raises:
        NotFoundError: nothing ever came from it.
    """
    return dividing.whole(settings, company).twin.vehicle(vehicle_id)


def fleet(
    settings: Settings,
    store: Store,
    company: str,
    where: str = "",
    *,
    select: Sequence[str] = (),
    limit: int = 100,
    after: str = "",
) -> pa.Table:
    """The vehicles for which ``where`` holds; see :meth:`kaido.twin.fleet.FleetQuestions.ask`.

    Raises:
        InvalidInputError: the condition makes no sense.
    """
    twin = dividing.whole(settings, company).twin
    attributes = Attributes(twin)
    StoreReader(store, company, attributes).refresh()
    question = FleetQuestion(where, tuple(select), limit, after)
    return questions.answer(question, twin, FleetQuestions(twin, attributes))


def merge(settings: Settings, company: str, samples: pa.Table) -> None:
    """Fold samples (SAMPLE_SCHEMA) that the lake has already into the snapshot. Twice is as good as once.

    Only where no ingest runs; a running one gets them as a message of kind FOLD through the journal.

    Raises:
        OSError: the snapshot cannot be written.
    """
    found = dividing.whole(settings, company)
    fold_without_arrival(found.twin, samples)
    dividing.divide(settings, company, found, dividing.in_force(settings, company))
