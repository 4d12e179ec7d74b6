"""LastKnownStateData: typed values of state templates, always Snappy on the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ptars import HandlerPool

from kaido.ingest import faults, readings
from kaido.ingest.judge import Judge
from kaido.ingest.samples import Decoded, Samples
from kaido.wire import kaido_wire_pb2
from kaido.wire.syncids import manifest_of_state

if TYPE_CHECKING:
    import numpy.typing as npt

    from kaido.ingest.manifests import Manifests
    from kaido.ingest.readings import Reading

_NO_NUMBERS = {"signal_id", "string_value", "relative_time_ms"}
_HANDLER = HandlerPool([kaido_wire_pb2.DESCRIPTOR]).get_for_message(kaido_wire_pb2.LastKnownStateData.DESCRIPTOR)


def decode(payloads: pa.BinaryArray, vehicles: pa.DictionaryArray, manifests: Manifests) -> Decoded:
    """The samples of LastKnownStateData payloads, Snappy or plain. A payload is taken whole or not at all.

    The message does not name its decoder manifest, but the sync ids of our state templates do; of others it is the one
    that the vehicle should hold. A value is as old as it says, else as the message. Numbers and truth values become
    float64 (integers beyond 2^53 lose their last digits); the campaign is the state template's sync id.
    """
    decoded = Decoded([], {})
    for reading in readings.read(_HANDLER, payloads, np.ones(len(payloads), bool)):
        _take_in(reading, vehicles.take(pa.array(reading.rows)), manifests, decoded)
    return decoded


def _take_in(reading: Reading, vehicles: pa.DictionaryArray, manifests: Manifests, decoded: Decoded) -> None:
    messages = reading.messages
    judge = Judge(len(messages))
    event_ms = judge.event_times(messages["collection_event_time_ms_epoch"].to_numpy())
    templates = messages["captured_state_template_signals"]
    lists = templates.values.field("captured_signals")
    template = np.repeat(np.arange(len(lists)), np.diff(lists.offsets.to_numpy()))
    message_of_template = np.repeat(np.arange(len(messages)), np.diff(templates.offsets.to_numpy()))
    message = message_of_template[template]
    sync_ids = templates.values.field("state_template_sync_id").dictionary_encode()
    manifest = _manifests(sync_ids, vehicles.take(pa.array(message_of_template)), manifests)
    unknown = np.bincount(message_of_template[manifest == 0], minlength=len(messages)) > 0
    judge.messages(unknown, faults.UNKNOWN_MANIFEST, lambda _: "a state template's decoder manifest is not known")
    values = lists.values
    ids = values.field("signal_id").to_numpy()
    signals = manifests.lookup(manifest[template], ids)
    judge.samples(message, signals < 0, faults.UNKNOWN_SIGNAL, lambda s: f"its decoder manifest has no signal {ids[s]}")
    number, text = _values(values)
    neither = pc.and_(number.is_null(), text.is_null()).to_numpy(zero_copy_only=False)
    judge.samples(message, neither, faults.NO_VALUE, lambda _: "a signal has no value")
    empty = np.bincount(message, minlength=len(messages)) == 0
    judge.messages(empty, faults.NO_SAMPLES, lambda _: "it holds no sample")
    samples = Samples(
        payload=message,
        signal=signals,
        time_us=judge.times(message, event_ms, values.field("relative_time_ms").to_numpy()),
        value=number.to_numpy(zero_copy_only=False),
        text=text if text.null_count < len(text) else None,
        campaign=sync_ids.take(pa.array(template)),
        event=pa.nulls(len(message), pa.uint32()),
    )
    if len(samples):
        decoded.samples.append(judge.passed(samples, reading.rows))
    decoded.faults |= reading.faults | {int(reading.rows[m]): fault for m, fault in judge.faults.items()}


def _manifests(
    sync_ids: pa.DictionaryArray, vehicles: pa.DictionaryArray, manifests: Manifests
) -> npt.NDArray[np.int64]:
    """The number of each template's manifest: by its sync id, else by its vehicle; 0 where it is not known."""
    named = pa.array([manifest_of_state(one) for one in sync_ids.dictionary.to_pylist()], pa.string())
    of_id, at = manifests.numbers(named), sync_ids.indices.to_numpy()
    if not len(at):
        return np.empty(0, np.int64)
    silent = pc.equal(named, "").to_numpy(zero_copy_only=False)[at]
    return np.where(silent, manifests.numbers_of_vehicles(vehicles), of_id[at])


def _values(values: pa.StructArray) -> tuple[pa.DoubleArray, pa.StringArray]:
    """The number and the text of each signal; exactly one of the typed fields is set, or none."""
    typed = [field.name for field in values.type if field.name not in _NO_NUMBERS]
    numbers = [values.field(name) for name in typed]
    return pc.coalesce(*(column.cast(pa.float64(), safe=False) for column in numbers)), values.field("string_value")
