"""What was prepared, written: the lake first, then the twin."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pyarrow as pa

from kaido.twin.recovery import fold_without_arrival

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from kaido.ingest.prepare import Prepared
    from kaido.ingest.streams import Stream
    from kaido.lake import Lake
    from kaido.runtime.status import Report
    from kaido.twin import Twin


def write(lake: Lake, stream: Stream, prepared: Prepared, report: Report) -> None:
    """Bring samples and quarantined payloads to disk, each once, however often this is called.

    Quarantine comes first: after a crash in between, what lies there is known to be no sample (``Stream.decided``).
    The other way round, a payload that has become readable meanwhile would be taken for one that the lake has.

    Raises:
        UnavailableError: the lake cannot be written. The same call again is safe.
    """
    began = time.monotonic()
    samples, quarantined = prepared.samples, prepared.quarantined
    quarantined = _behind(quarantined, prepared.quarantined_seqs, stream.quarantine_seq)
    if len(quarantined):
        lake.quarantine(quarantined, app_id=stream.app_id, version=prepared.last_seq)
    if samples is not None:
        samples = _behind(samples, prepared.seqs, stream.samples_seq)
        if len(samples):
            lake.append(samples, app_id=stream.app_id, version=prepared.last_seq)
    if samples is not None or len(quarantined):
        report.gauge("commit_seconds", round(time.monotonic() - began, 4), company=lake.company)


def fold(twin: Twin, prepared: Prepared) -> pa.Table | None:
    """Fold samples into the twin; the rows that were the newest of their signal (as in ``prepared.samples``)."""
    for table in prepared.folds:
        fold_without_arrival(twin, table)
    if prepared.samples is None:
        return None
    rows = twin.fold(prepared.samples, prepared.arrivals)
    return prepared.samples.take(pa.array(rows))


def _behind(rows: pa.Table, seqs: npt.NDArray[np.int64], done: int) -> pa.Table:
    """The rows of messages behind ``done``: after a restart some are read again for the twin alone."""
    return rows if not len(seqs) or seqs.min() > done else rows.filter(pa.array(seqs > done))
