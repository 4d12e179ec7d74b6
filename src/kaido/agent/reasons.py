"""What the cloud's reason codes mean for an agent.

The codec's codes can neither be hashed nor ordered; numbers can, so the sets hold numbers.
"""

from __future__ import annotations

from typing import NamedTuple

from mqtt5 import ConnAckReasonCode, DisconnectReasonCode, PubAckReasonCode, SubAckReasonCode

FAILURE = 0x80
"""Codes from here on say that something was not done (MQTT 5, section 2.4)."""

TRY_AGAIN = frozenset(
    int(code)
    for code in (
        ConnAckReasonCode.UNSPECIFIED_ERROR,
        ConnAckReasonCode.IMPLEMENTATION_SPECIFIC_ERROR,
        ConnAckReasonCode.SERVER_UNAVAILABLE,
        ConnAckReasonCode.SERVER_BUSY,
        ConnAckReasonCode.QUOTA_EXCEEDED,
        ConnAckReasonCode.USE_ANOTHER_SERVER,
        ConnAckReasonCode.CONNECTION_RATE_EXCEEDED,
    )
)
"""CONNACK: not now. All other refusals stay until somebody changes something."""

NEVER_WANTED = frozenset(
    int(code)
    for code in (
        PubAckReasonCode.NOT_AUTHORIZED,
        PubAckReasonCode.TOPIC_NAME_INVALID,
        PubAckReasonCode.PAYLOAD_FORMAT_INVALID,
    )
)
"""PUBACK: sending it again will not help. All other failures may pass."""

OUR_FAULT = frozenset(
    int(code)
    for code in (
        DisconnectReasonCode.MALFORMED_PACKET,
        DisconnectReasonCode.PROTOCOL_ERROR,
        DisconnectReasonCode.TOPIC_NAME_INVALID,
        DisconnectReasonCode.PACKET_TOO_LARGE,
        DisconnectReasonCode.PAYLOAD_FORMAT_INVALID,
    )
)
"""DISCONNECT: something that we sent offends the cloud."""


class LostReason(NamedTuple):
    """Why a link ended: text for people, and the code where the cloud gave one."""

    text: str
    code: DisconnectReasonCode | None = None

    @property
    def our_fault(self) -> bool:
        """Whether something that was sent ended it."""
        return self.code is not None and int(self.code) in OUR_FAULT


def text_of(code: ConnAckReasonCode | SubAckReasonCode | DisconnectReasonCode, text: str | None) -> str:
    """A code and the cloud's own words, for people."""
    name = f"{code.name.lower().replace('_', ' ')} (0x{int(code):02x})"
    return f"{name}, {text}" if text else name
