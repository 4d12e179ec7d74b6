"""Bytes that are no batch of the journal are refused with the reason, whatever they are."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.errors import InvalidInputError
from kaido.flow import SAMPLE_SCHEMA, UP_SCHEMA
from kaido.journal import decode_batch, encode_batch

EMPTY = pa.RecordBatch.from_pylist([], schema=UP_SCHEMA)
GOOD = encode_batch(EMPTY)


def test_a_batch_comes_back_as_it_was() -> None:
    assert decode_batch(GOOD).equals(EMPTY)


def test_another_schema_is_named() -> None:
    other = encode_batch(pa.RecordBatch.from_pylist([], schema=SAMPLE_SCHEMA))
    with pytest.raises(InvalidInputError, match=r"unexpected: .*signal.*missing: .*payload"):
        decode_batch(other)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInputError):
        decode_batch(data)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_changed_byte_never_gives_anything_but_a_batch_or_an_error(position: int, byte: int) -> None:
    changed = GOOD[:position] + bytes([byte]) + GOOD[position + 1 :]
    try:
        batch = decode_batch(changed)
    except InvalidInputError:
        return
    assert batch.schema.equals(UP_SCHEMA)
