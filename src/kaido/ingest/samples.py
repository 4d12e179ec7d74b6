"""Samples as columns on their way from payloads to the lake and the twin."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from kaido.flow import SAMPLE_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from kaido.ingest.faults import Fault
    from kaido.ingest.usage import Origins

TIME = pa.timestamp("us", tz="UTC")
MAX_TIME_MS = 253_402_300_799_999
"""The end of the year 9999. Times from 1970 to then are stored as sent."""


@dataclass
class Samples:
    """Samples, a row each.

    Attributes:
        payload: the row of the payload that each came in.
        signal: the number of its signal in ``Manifests.signals``.
        time_us: microseconds since the epoch.
        value: NaN where ``text`` has the value.
        text: None where no sample has a text.
        campaign: the campaign (or state template) that asked for it; empty for none.
        event: the vehicle's number of the event; null where it has none.
    """

    payload: npt.NDArray[np.int64]
    signal: npt.NDArray[np.int64]
    time_us: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    text: pa.StringArray | None
    campaign: pa.DictionaryArray
    event: pa.UInt32Array

    def __len__(self) -> int:
        return len(self.payload)

    def keep(self, mask: npt.NDArray[np.bool_]) -> Samples:
        """The samples where ``mask`` is true."""
        chosen = pa.array(mask)
        return Samples(
            self.payload[mask],
            self.signal[mask],
            self.time_us[mask],
            self.value[mask],
            None if self.text is None else self.text.filter(chosen),
            self.campaign.filter(chosen),
            self.event.filter(chosen),
        )


@dataclass
class Decoded:
    """What a set of payloads holds: samples of those that are right in every sample, faults of the others.

    Attributes:
        origins: the campaigns that telemetry says it is of; those with faults too.
    """

    samples: list[Samples]
    faults: dict[int, Fault]
    origins: list[Origins] = field(default_factory=list)


def table(samples: Sequence[Samples], vehicles: pa.DictionaryArray, signals: Sequence[str]) -> pa.Table:
    """The rows for the lake: names dictionary-encoded, else as ``flow.SAMPLE_SCHEMA``.

    Args:
        samples: parts; their order is kept.
        vehicles: the vehicle of each payload.
        signals: the names that signal numbers stand for.
    """
    names = pa.array(signals, pa.string())
    codes = vehicles.indices.to_numpy()
    parts = []
    for part in samples:
        silent = None if part.text is None else part.text.is_valid().to_numpy(zero_copy_only=False)
        columns = [
            pa.DictionaryArray.from_arrays(pa.array(codes[part.payload]), vehicles.dictionary),
            pa.DictionaryArray.from_arrays(pa.array(part.signal.astype(np.int32)), names),
            pa.array(part.time_us).cast(TIME),
            pa.array(part.value, mask=silent),
            pa.nulls(len(part), pa.string()) if part.text is None else part.text,
            part.campaign,
            part.event,
        ]
        schema = pa.schema([f.with_type(c.type) for f, c in zip(SAMPLE_SCHEMA, columns, strict=True)])
        parts.append(pa.table(columns, schema=schema))
    return pa.concat_tables(parts).unify_dictionaries() if parts else None
