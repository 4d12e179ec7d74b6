"""The twin after a start: from its snapshot, or from the lake where there is none that can be read."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kaido.lake import Lake
from kaido.runtime.log import event
from kaido.twin import snapshot
from kaido.twin.columns import Twin
from kaido.twin.slices import WHOLE
from kaido.twin.snapshot import DamagedSnapshotError, Snapshot

if TYPE_CHECKING:
    from kaido.runtime.settings import Settings
    from kaido.twin.slices import Slice

logger = logging.getLogger(__name__)


def recover(settings: Settings, company: str, part: Slice = WHOLE) -> Snapshot:
    """The company's twin, or a slice of it, as far as the disk knows it; the journal has the rest.

    Raises:
        UnavailableError: there is no snapshot and the lake cannot be read.
    """
    file = snapshot.path(settings, company, part)
    try:
        found = snapshot.load(file)
    except DamagedSnapshotError as error:
        event(logger, logging.WARNING, "the twin is rebuilt from the lake", company=company, reason=error)
        found = None
    if found is not None:
        return found
    rebuilt = Snapshot(Twin())
    latest = Lake(settings.lake, company).latest()
    fold_without_arrival(rebuilt.twin, latest if part == WHOLE else _of(part, latest))
    if len(rebuilt.twin.vehicles):
        vehicles = len(rebuilt.twin.vehicles)
        event(logger, logging.INFO, "the twin was rebuilt from the lake", company=company, vehicles=vehicles)
    return rebuilt


def _of(part: Slice, samples: pa.Table) -> pa.Table:
    own = [name for name in samples["vehicle"].unique().to_pylist() if part.holds(name)]
    return samples.filter(pc.is_in(samples["vehicle"], pa.array(own, pa.string())))


def fold_without_arrival(twin: Twin, samples: pa.Table) -> None:
    """Fold samples whose arrival nobody noted: their own time stands in for it."""
    if len(samples):
        times = samples["time"].cast(pa.int64()).to_numpy()
        twin.fold(samples, np.maximum(times, 1))
