"""From journal messages to what is to be written: everything that needs no I/O."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kaido.errors import InvalidInputError, UnavailableError
from kaido.flow import SAMPLE_SCHEMA, UpKind
from kaido.ingest import last_known_state, recent, usage, vehicle_data
from kaido.ingest import samples as sample_columns
from kaido.ingest.faults import INTERNAL, MALFORMED, UNKNOWN_KIND, Fault
from kaido.ingest.intake import NOTHING_DECIDED, Decided, Intake, once_more
from kaido.ingest.replayed import Replayed
from kaido.ingest.samples import Decoded
from kaido.journal import decode_batch
from kaido.runtime import clock
from kaido.runtime.log import event

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from kaido.ingest.manifests import Manifests
    from kaido.ingest.recent import Recent
    from kaido.ingest.samples import Samples
    from kaido.ingest.usage import Origins
    from kaido.journal import JournalMessage
    from kaido.twin import Twin

    Integers = npt.NDArray[np.int64]

logger = logging.getLogger(__name__)

_DATA_KINDS = (UpKind.SIGNALS, UpKind.LAST_KNOWN_STATE)
_KINDS = tuple(int(kind) for kind in UpKind)


@dataclass
class Prepared:
    """What a run of journal messages comes to.

    Attributes:
        last_seq: the last message's sequence.
        age_s: seconds from the journal's taking the last message to now.
        samples: rows as ``samples.table`` makes them; None if there are none.
        seqs: the journal sequence of each sample.
        arrivals: when the gateway got each sample, microseconds.
        quarantined: rows of QUARANTINE_SCHEMA.
        quarantined_seqs: the journal sequence of each.
        folds: tables of SAMPLE_SCHEMA for the twin alone.
        checkins: payloads of that kind (UP_SCHEMA).
        responses: command responses (UP_SCHEMA).
        payloads: how many came.
        duplicates: how many of them had come before.
        faults: how many went to quarantine, by code.
        used: what vehicles sent for each campaign (``kaido.ingest.usage.count``).
    """

    last_seq: int
    age_s: float
    samples: pa.Table | None
    seqs: Integers
    arrivals: Integers
    quarantined: pa.Table
    quarantined_seqs: Integers
    folds: list[pa.Table]
    checkins: pa.RecordBatch
    responses: pa.RecordBatch
    payloads: int
    duplicates: int
    faults: Counter[str]
    used: pa.Table | None


@dataclass
class Preparer:
    """Decodes the payloads of one company. Not safe to use from two threads at once.

    Attributes:
        twin: numbers the vehicles.
        manifests: say what signal ids mean.
        recent: knows the payloads that came before.
        replayed: knows the rows of quarantine that came once more.
    """

    twin: Twin
    manifests: Manifests
    recent: Recent
    replayed: Replayed = field(default_factory=Replayed)

    def prepare(self, origin: str, messages: Sequence[JournalMessage], decided: Decided = NOTHING_DECIDED) -> Prepared:
        """Decode messages that follow each other in one stream.

        Args:
            origin: names the stream; quarantined payloads get their ids from it and their place.
            messages: at least one.
            decided: what went to quarantine before a restart stays there, though it could be read by now.

        Raises:
            UnavailableError: the store, which knows the manifests, is away; nothing happened, try again.
        """
        intake = Intake(origin)
        for message in messages:
            intake.add(message)
        rows, seqs = intake.rows()
        rows, replays, faults = once_more(rows, self.replayed)
        kinds = rows["kind"].to_numpy()
        at = np.flatnonzero(np.isin(kinds, _DATA_KINDS))
        data = rows.take(pa.array(at))
        vehicles = self._numbers(data["vehicle"])
        hashes = recent.hashes(data["payload"], kinds[at])
        again = np.isin(at, list(replays))
        new = self.recent.find_new(vehicles, hashes) | again
        open_ = new & ~np.isin(at, intake.settled(seqs, decided))
        samples, unreadable, origins = self._decode(rows, kinds, at[open_])
        faults |= unreadable
        folds = _folds(rows, kinds, faults)
        for row in np.flatnonzero(~np.isin(kinds, _KINDS)).tolist():
            faults[row] = Fault(UNKNOWN_KIND, f"there is no kind {kinds[row]}")
        quarantined, quarantined_seqs, codes = intake.quarantined(rows, seqs, faults)
        prepared = Prepared(
            last_seq=messages[-1].seq,
            age_s=(clock.now() - messages[-1].published_at).total_seconds(),
            samples=sample_columns.table(samples, rows["vehicle"].dictionary_encode(), self.manifests.signals.names),
            seqs=_of_samples(seqs, samples),
            arrivals=_of_samples(rows["arrival"].cast(pa.int64()).to_numpy(), samples),
            quarantined=quarantined,
            quarantined_seqs=quarantined_seqs,
            folds=folds,
            checkins=rows.filter(pa.array(kinds == UpKind.CHECKIN)),
            responses=rows.filter(pa.array(kinds == UpKind.COMMAND_RESPONSE)),
            payloads=len(rows) + len(intake.unreadable),
            duplicates=int(np.count_nonzero(~new)),
            faults=codes,
            used=_used(rows, kinds, origins, unreadable),
        )
        first = new & ~again
        self.recent.remember(vehicles[first], hashes[first])
        self.replayed.remember(replays.values())
        return prepared

    def _numbers(self, vehicles: pa.StringArray) -> Integers:
        encoded = vehicles.dictionary_encode()
        numbers = self.twin.add_vehicles(encoded.dictionary.to_pylist())
        return numbers[encoded.indices.to_numpy()] if len(numbers) else np.empty(0, np.int64)

    def _decode(
        self, rows: pa.RecordBatch, kinds: npt.NDArray[np.uint8], new: Integers
    ) -> tuple[list[Samples], dict[int, Fault], list[Origins]]:
        samples: list[Samples] = []
        faults: dict[int, Fault] = {}
        origins: list[Origins] = []
        for kind in _DATA_KINDS:
            at = new[kinds[new] == kind]
            for part, decoded in self._decoded(kind, rows, at):
                for some in decoded.samples:
                    some.payload = part[some.payload]
                samples += decoded.samples
                faults |= {int(part[row]): fault for row, fault in decoded.faults.items()}
                origins += [replace(one, rows=part[one.rows]) for one in decoded.origins]
        return samples, faults, origins

    def _decoded(self, kind: UpKind, rows: pa.RecordBatch, at: Integers) -> Iterator[tuple[Integers, Decoded]]:
        """Decode the payloads at these rows. One that breaks our own code goes to quarantine, and nothing stops."""
        if not len(at):
            return
        chosen = rows.take(pa.array(at))
        try:
            if kind is UpKind.SIGNALS:
                yield at, vehicle_data.decode(chosen["payload"], self.manifests)
            else:
                vehicles = chosen["vehicle"].dictionary_encode()
                yield at, last_known_state.decode(chosen["payload"], vehicles, self.manifests)
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001  # the payloads are hostile input; whatever they break, the others go on
            if len(at) == 1:
                event(logger, logging.ERROR, "a payload broke its decoder", error=repr(error))
                yield at, Decoded([], {0: Fault(INTERNAL, repr(error))})
                return
            for half in np.array_split(at, 2):
                yield from self._decoded(kind, rows, half)


def _used(
    rows: pa.RecordBatch, kinds: npt.NDArray[np.uint8], origins: Sequence[Origins], faults: dict[int, Fault]
) -> pa.Table | None:
    unreadable = [row for row in faults if kinds[row] == UpKind.SIGNALS]
    if not origins and not unreadable:
        return None
    sizes = pc.binary_length(rows["payload"]).to_numpy(zero_copy_only=False).astype(np.int64)
    return usage.count(rows["vehicle"], sizes, origins, unreadable)


def _of_samples(column: Integers, samples: list[Samples]) -> Integers:
    return np.concatenate([column[part.payload] for part in samples]) if samples else np.empty(0, np.int64)


def _folds(rows: pa.RecordBatch, kinds: npt.NDArray[np.uint8], faults: dict[int, Fault]) -> list[pa.Table]:
    folds = []
    for row in np.flatnonzero(kinds == UpKind.FOLD).tolist():
        try:
            folds.append(pa.Table.from_batches([decode_batch(rows["payload"][row].as_py(), SAMPLE_SCHEMA)]))
        except InvalidInputError as error:
            faults[row] = Fault(MALFORMED, str(error))
    return folds
