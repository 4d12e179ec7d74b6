"""Where to go on in a journal stream after a start."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kaido import flow
from kaido.ingest.intake import NOTHING_DECIDED, Decided
from kaido.runtime.log import event

if TYPE_CHECKING:
    from kaido.journal import StreamState
    from kaido.lake import Lake
    from kaido.twin.snapshot import Position

logger = logging.getLogger(__name__)


@dataclass
class Stream:
    """A journal stream that is being read.

    Attributes:
        partition: which of the company's.
        name: the stream's.
        created: when it was made.
        app_id: under which its samples and its quarantine are committed to the lake.
        samples_seq: up to where the lake has its samples.
        quarantine_seq: up to where the quarantine table has its bad payloads.
        folded_seq: up to where the twin has it; what comes behind is read.
        decided: what went to quarantine of that which is read again.
    """

    partition: int
    name: str
    created: str
    app_id: str
    samples_seq: int
    quarantine_seq: int
    folded_seq: int
    decided: Decided = field(default=NOTHING_DECIDED, repr=False)


def resume(lake: Lake, company: str, partition: int, state: StreamState, positions: dict[str, Position]) -> Stream:
    """Where to go on: behind the twin's snapshot, knowing what the lake has already.

    The application id in the lake holds when the stream was made, so that a stream which was lost and made again
    starts afresh. A stream restored from a back-up is older than the lake: what it holds is in the lake, and what it
    will hold gets sequences that the lake has seen. So it gets another application id, which begins at its end.

    Raises:
        UnavailableError: the lake cannot be read.
    """
    name = flow.up_stream(company, partition)
    position = positions.get(name)
    generation = 0
    while True:
        app_id = f"ingest:{name}@{state.created}" + (f"#{generation}" if generation else "")
        samples_seq = lake.transaction_version(app_id)
        quarantine_seq = lake.quarantine_table.transaction_version(app_id)
        folded_seq = position.seq if position is not None and position.created == app_id else 0
        if max(samples_seq or 0, quarantine_seq or 0, folded_seq) <= state.last_seq:
            break
        generation += 1
    if generation and samples_seq is None:
        event(logger, logging.WARNING, "the journal was restored from a back-up; going on at its end", stream=name)
        lake.append(flow.SAMPLE_SCHEMA.empty_table(), app_id=app_id, version=state.last_seq)
        samples_seq = quarantine_seq = folded_seq = state.last_seq
    decided = NOTHING_DECIDED
    if (quarantine_seq or 0) > folded_seq:
        decided = Decided(quarantine_seq or 0, frozenset(lake.quarantined_ids()))
    return Stream(partition, name, state.created, app_id, samples_seq or 0, quarantine_seq or 0, folded_seq, decided)
