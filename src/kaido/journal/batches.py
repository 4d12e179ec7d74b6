"""Record batches of payloads as bytes: what one journal message holds."""

from __future__ import annotations

import pyarrow as pa

from kaido.errors import InvalidInputError
from kaido.flow import UP_SCHEMA


def encode_batch(batch: pa.RecordBatch) -> bytes:
    """A record batch as an Arrow IPC stream of its own."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(memoryview(sink.getvalue()))


def decode_batch(data: bytes, schema: pa.Schema = UP_SCHEMA) -> pa.RecordBatch:
    """The record batch of an Arrow IPC stream; its columns point into ``data``.

    Raises:
        InvalidInputError: not an Arrow stream, another schema, or not exactly one batch.
    """
    try:
        with pa.ipc.open_stream(pa.py_buffer(data)) as reader:
            if not reader.schema.equals(schema):
                raise InvalidInputError("a record batch of another schema", why=_difference(reader.schema, schema))
            batches = list(reader)
            if len(batches) != 1:
                raise InvalidInputError("not exactly one record batch", why=f"it holds {len(batches)}")
            batches[0].validate()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidInputError("not an Arrow stream", why=str(error).split("\n", 1)[0]) from error
    return batches[0]


def _difference(given: pa.Schema, wanted: pa.Schema) -> str:
    extra = [str(field) for field in given if field not in list(wanted)]
    missing = [str(field) for field in wanted if field not in list(given)]
    return f"unexpected: {', '.join(extra) or 'nothing'}; missing: {', '.join(missing) or 'nothing'}"
