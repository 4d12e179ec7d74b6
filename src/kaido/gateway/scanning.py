"""The way of most bytes: plain publishes, sliced out of what a client sent without going through the codec."""

from __future__ import annotations

_QOS0 = 0x30
_QOS1 = 0x32
_QOS1_AGAIN = 0x3A
_NO_IDENTIFIER = b"\0\0"


def plain_publishes(
    data: bytes, at: int, known: dict[bytes, int], largest: int
) -> tuple[int, bytearray, list[bytes], list[bytes]]:
    """The publishes at the beginning of ``data[at:]`` that need no thought.

    Those are complete, of QoS 0 or 1, not retained, without properties, on a known topic, below 16 KiB. It ends before
    the first packet that is not so, which may be anything.

    Args:
        data: what came in.
        at: where a packet begins.
        known: what a payload on a topic (bytes) is.
        largest: the largest packet, bytes.

    Returns:
        Where it ended; and what each payload is, the payloads, and the packet identifiers (two bytes) of QoS 1.
    """
    kinds, payloads, identifiers = bytearray(), list[bytes](), list[bytes]()
    end = len(data)
    while end - at > 6:  # noqa: PLR2004  # the shortest publish with a topic
        first = data[at]
        size = data[at + 1]
        body = at + 2
        if size > 127:  # noqa: PLR2004  # the highest bit says that more follow
            high = data[body]
            body += 1
            if high > 127:  # noqa: PLR2004  # and here again: 16 KiB or more
                break
            size += (high << 7) - 128
        following = body + size
        if following > end or following - at > largest or size < 4:  # noqa: PLR2004  # room for topic and properties
            break
        topic_end = body + 2 + (data[body] << 8) + data[body + 1]
        kind = known.get(data[body + 2 : topic_end])
        if kind is None:
            break
        if first in (_QOS1, _QOS1_AGAIN):
            properties = topic_end + 2
            identifier = data[topic_end:properties]
            if properties >= following or data[properties] or identifier == _NO_IDENTIFIER:
                break
            identifiers.append(identifier)
        elif first == _QOS0:
            properties = topic_end
            if properties >= following or data[properties]:
                break
        else:
            break
        kinds.append(kind)
        payloads.append(data[properties + 1 : following])
        at = following
    return at, kinds, payloads, identifiers
