from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaido.wire import snappy
from kaido.wire.syncids import sync_id


@given(st.binary(max_size=5_000))
def test_round_trip(data: bytes) -> None:
    block = snappy.compress(data)
    assert snappy.uncompressed_length(block) == len(data)
    assert snappy.decompress(block) == data


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(snappy.SnappyError):
        snappy.decompress(data)


def test_a_block_that_would_explode_is_refused_before_it_does() -> None:
    with pytest.raises(snappy.SnappyError, match="more than the limit"):
        snappy.decompress(b"\xff\xff\xff\xff\x0f" + b"\x00" * 10)


def test_a_known_block() -> None:
    assert snappy.decompress(b"\x05\x10hello") == b"hello"


def test_sync_ids_follow_the_content() -> None:
    assert sync_id("m", b"a") == sync_id("m", b"a") != sync_id("m", b"b")
    assert sync_id("m", b"a").startswith("m@")
