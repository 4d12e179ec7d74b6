"""Whatever bytes are read, they are a packet or one of our errors; and the short way agrees with the codec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mqtt5
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from mqtt5 import PublishPacket, QoS

from kaido.gateway import packets
from kaido.gateway.scanning import plain_publishes

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.hex"))
LARGEST = 300_000

text = st.text(st.characters(codec="utf-8", exclude_characters="\0#+"), min_size=1, max_size=20)
WELL_FORMED: list[Any] = [
    mqtt5.ConnectPacket("car", username="u", password=b"p", will=mqtt5.Will("a", payload=b"x"), keep_alive=5),
    PublishPacket(
        "a/b", b"payload", qos=QoS.AT_LEAST_ONCE, packet_id=3, content_type="x", user_properties=[("k", "v")]
    ),
    mqtt5.PubAckPacket(4, reason_str="why"),
    mqtt5.SubscribePacket(1, [mqtt5.TopicFilter("a/#"), mqtt5.TopicFilter("b")]),
    mqtt5.UnsubscribePacket(2, ["a", "b"]),
    mqtt5.PingReqPacket(),
    mqtt5.DisconnectPacket(session_expiry_interval=7, reason_str="bye"),
]


def taken(data: bytes) -> object:
    """What reading makes of one packet's bytes; the bytes are cut to the length that they claim."""
    try:
        end = packets.end(data, 0)
        return packets.read(data[:end]) if end <= len(data) else None
    except packets.PacketError as error:
        return error


@given(st.binary(min_size=2, max_size=200))
@example(bytes.fromhex("300500 02fffe00"))  # the codec panics on it
def test_random_bytes(data: bytes) -> None:
    taken(data)


@given(st.sampled_from(WELL_FORMED), st.data())
def test_mutated_packets(packet: Any, data: st.DataObject) -> None:
    content = bytearray(packet.write())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    taken(bytes(content))


@pytest.mark.parametrize("packet", WELL_FORMED, ids=lambda packet: type(packet).__name__)
def test_well_formed_packets_are_taken(packet: Any) -> None:
    assert repr(taken(packet.write())) == repr(mqtt5.read(memoryview(packet.write()))[0])


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_the_corpus_is_refused(file: Path) -> None:
    assert isinstance(taken(bytes.fromhex(file.read_text())), packets.PacketError)


publish = st.builds(
    lambda topic, payload, qos, packet_id, duplicate: PublishPacket(
        topic, payload, qos=qos, packet_id=packet_id if qos == QoS.AT_LEAST_ONCE else None,
        duplicate=duplicate and qos == QoS.AT_LEAST_ONCE,
    ),
    st.sampled_from(["t", "kaido/v/car-1/signals", "other"]),
    st.one_of(st.binary(max_size=40), st.integers(100, 20_000).map(bytes)),
    st.sampled_from([QoS.AT_MOST_ONCE, QoS.AT_LEAST_ONCE]),
    st.integers(1, 65_535),
    st.booleans(),
)  # fmt: skip


@given(st.lists(publish, max_size=8), st.integers(0, 40))
def test_the_short_way_agrees_with_the_codec(sent: list[PublishPacket], cut: int) -> None:
    stream = b"".join(packet.write() for packet in sent)
    stream = stream[: len(stream) - cut] if cut else stream
    known = {b"t": 1, b"kaido/v/car-1/signals": 2}
    at, seen = 0, []
    while True:
        before = at
        at, kinds, payloads, identifiers = plain_publishes(stream, at, known, LARGEST)
        seen += [(kind, payload) for kind, payload in zip(kinds, payloads, strict=True)]
        assert len(identifiers) <= len(payloads)
        check = before
        while check < at:  # each that it took is what the codec reads
            packet, used = mqtt5.read(memoryview(stream)[check:])
            assert isinstance(packet, PublishPacket)
            assert (known[packet.topic.encode()], packet.payload) == seen[len(seen) - len(payloads)]
            if packet.packet_id is not None:
                assert identifiers.pop(0) == packet.packet_id.to_bytes(2, "big")
            payloads.pop(0)
            check += used
        assert not payloads
        assert not identifiers
        end = packets.end(stream, at)
        if end > len(stream):
            break
        at = end  # one that needs thought
    assert len(seen) <= len(sent)


@given(st.binary(max_size=300))
def test_the_short_way_takes_nothing_that_it_does_not_know(data: bytes) -> None:
    at, kinds, payloads, identifiers = plain_publishes(data, 0, {}, LARGEST)
    assert (at, bytes(kinds), payloads, identifiers) == (0, b"", [], [])


@given(st.integers(0, 268_435_455), st.integers(0, 3))
def test_the_end_of_a_packet(size: int, missing: int) -> None:
    length = bytearray()
    rest = size
    while True:
        length.append(rest % 128 | (128 if rest >= 128 else 0))
        rest //= 128
        if not rest:
            break
    data = b"\x30" + bytes(length)
    assert packets.end(data, 0) == len(data) + size
    if missing and missing < len(length):
        assert packets.end(data[:-missing], 0) > len(data) - missing
