"""VehicleData: telemetry of campaigns, thousands of payloads at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from ptars import HandlerPool

from kaido.ingest import faults, readings
from kaido.ingest.judge import Judge
from kaido.ingest.samples import Decoded, Samples
from kaido.ingest.usage import Origins
from kaido.wire import kaido_wire_pb2

if TYPE_CHECKING:
    import numpy.typing as npt

    from kaido.ingest.manifests import Manifests
    from kaido.ingest.readings import Reading

    Integers = npt.NDArray[np.int64]

DTC_SIGNAL = "Vehicle.OBD.DTCList"
"""Where active diagnostic trouble codes go (VSS), joined with commas."""

_HANDLER = HandlerPool([kaido_wire_pb2.DESCRIPTOR]).get_for_message(kaido_wire_pb2.VehicleData.DESCRIPTOR)


def decode(payloads: pa.BinaryArray, manifests: Manifests) -> Decoded:
    """The samples of VehicleData payloads, plain or Snappy. A payload is taken whole or not at all."""
    decoded = Decoded([], {})
    for reading in readings.read(_HANDLER, payloads, readings.looks_like_snappy(payloads)):
        _take_in(reading, manifests, decoded)
    return decoded


def _take_in(reading: Reading, manifests: Manifests, decoded: Decoded) -> None:
    messages = reading.messages
    judge = Judge(len(messages))
    event_ms = judge.event_times(messages["collection_event_time_ms_epoch"].to_numpy())
    captured = _captured(messages, event_ms, manifests, judge)
    codes = _trouble_codes(messages, event_ms, manifests, judge)
    empty = np.bincount(captured.payload, minlength=len(messages)) == 0
    empty[codes.payload] = False
    judge.messages(empty, faults.NO_SAMPLES, lambda _: "it holds no sample")
    decoded.origins.append(Origins(reading.rows, messages["campaign_sync_id"], messages["collection_event_id"]))
    decoded.samples += [judge.passed(part, reading.rows) for part in (captured, codes) if len(part)]
    decoded.faults |= reading.faults | {int(reading.rows[m]): fault for m, fault in judge.faults.items()}


def _captured(messages: pa.RecordBatch, event_ms: Integers, manifests: Manifests, judge: Judge) -> Samples:
    lists = messages["captured_signals"]
    values = lists.values
    message = np.repeat(np.arange(len(messages)), np.diff(lists.offsets.to_numpy()))
    sync_ids = messages["decoder_sync_id"]
    manifest = manifests.numbers(sync_ids)
    judge.messages(
        manifest == 0, faults.UNKNOWN_MANIFEST, lambda m: f"no decoder manifest '{sync_ids[m].as_py()}' is known"
    )
    number, text = values.field("double_value"), values.field("string_value")
    if number.null_count:
        neither = pc.and_(number.is_null(), text.is_null()).to_numpy(zero_copy_only=False)
        judge.samples(message, neither, faults.NO_VALUE, lambda _: "a sample has neither a number nor a text")
    return Samples(
        payload=message,
        signal=_signals(values, message, manifest[message], manifests, judge),
        time_us=judge.times(message, event_ms, values.field("relative_time_ms").to_numpy()),
        value=number.to_numpy(zero_copy_only=False),
        text=text if text.null_count < len(text) else None,
        campaign=_of_messages(messages["campaign_sync_id"], message),
        event=messages["collection_event_id"].take(pa.array(message)),
    )


def _signals(
    values: pa.StructArray, message: Integers, manifest: Integers, manifests: Manifests, judge: Judge
) -> Integers:
    ids = values.field("signal_id")
    if ids.null_count:
        in_complex = values.field("primitive_in_complex").is_valid().to_numpy(zero_copy_only=False)
        judge.samples(message, in_complex, faults.COMPLEX_SIGNAL, lambda _: "a sample is part of a complex signal")
        missing = ids.is_null().to_numpy(zero_copy_only=False)
        judge.samples(message, missing, faults.NO_SIGNAL, lambda _: "a sample names no signal")
        ids = ids.fill_null(0)
    numbers = ids.to_numpy()
    signals = manifests.lookup(manifest, numbers)
    judge.samples(
        message, signals < 0, faults.UNKNOWN_SIGNAL, lambda s: f"its decoder manifest has no signal {numbers[s]}"
    )
    return signals


def _trouble_codes(messages: pa.RecordBatch, event_ms: Integers, manifests: Manifests, judge: Judge) -> Samples:
    data = messages["dtc_data"]
    message = np.flatnonzero(data.is_valid().to_numpy(zero_copy_only=False))
    at = pa.array(message)
    relative_ms = data.field("relative_time_ms").take(at).to_numpy()
    signal = manifests.signals.number(DTC_SIGNAL)
    return Samples(
        payload=message,
        signal=np.full(len(message), signal),
        time_us=judge.times(message, event_ms, relative_ms),
        value=np.full(len(message), np.nan),
        text=pc.binary_join(data.field("active_dtc_codes").take(at).cast(pa.list_(pa.string())), ","),
        campaign=_of_messages(messages["campaign_sync_id"], message),
        event=messages["collection_event_id"].take(at),
    )


def _of_messages(names: pa.StringArray, message: Integers) -> pa.DictionaryArray:
    """The name of each sample's message, null where it is empty."""
    encoded = pc.if_else(pc.equal(names, ""), None, names).dictionary_encode()
    return encoded.take(pa.array(message))
