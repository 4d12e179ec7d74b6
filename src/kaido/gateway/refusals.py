"""Every reason to refuse a vehicle: its name in counters and logs, and what the vehicle is told."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kaido.runtime.log import event

if TYPE_CHECKING:
    from kaido.runtime.status import Report

logger = logging.getLogger(__name__)

LINES_PER_PERIOD = 10
PERIOD_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reason to end a connection.

    Attributes:
        reason: the label of the counter ``refused_total``.
        text: the same for people; the vehicle is told it too.
        connack: the reason code that answers a CONNECT (MQTT 5, section 3.2.2.2); None closes without an answer.
        disconnect: the reason code after the CONNECT was taken (section 3.14.2.1).
    """

    reason: str
    text: str
    connack: int | None = None
    disconnect: int = 0x80


# Before MQTT begins: the link itself. TLS sends its own alert.
HANG_UP = Refusal("hang_up", "the connection ended within the handshake")
HANDSHAKE_TIMEOUT = Refusal("handshake_timeout", "no CONNECT in time")
TOO_MANY_CONNECTIONS = Refusal("too_many_connections", "this gateway has no room for another connection")

# The CONNECT.
NO_CONNECT = Refusal("no_connect", "the first packet is no CONNECT")
MQTT_VERSION = Refusal("mqtt_version", "only MQTT 5 is spoken here", 0x84)
AUTHENTICATION_METHOD = Refusal("authentication_method", "vehicles prove who they are by certificate", 0x8C)
CLIENT_ID = Refusal("client_id", "the client id is not the certificate's common name", 0x85)
NOT_READY = Refusal("journal_away", "the journal is away; try again later", 0x88)
SHUTTING_DOWN = Refusal("shutting_down", "the gateway shuts down; connect again", 0x88, 0x8B)
WILL_TOPIC = Refusal("will_topic", "the will's topic is not the vehicle's own", 0x87)

# Identity: at the CONNECT, and later when it changes.
REVOKED = Refusal("revoked", "the vehicle or its certificate is revoked", 0x8A, 0x98)
EXPIRED = Refusal("expired", "the certificate has ended", 0x87, 0x87)

# Packets.
MALFORMED = Refusal("malformed", "a malformed packet", 0x81, 0x81)
PROTOCOL_ERROR = Refusal("protocol_error", "a packet out of place", 0x82, 0x82)
PACKET_TOO_LARGE = Refusal("packet_too_large", "a packet above the maximum", 0x95, 0x95)
EXCESSIVE = Refusal("excessive", "more properties or filters than a packet may hold", 0x97, 0x97)
PACKET_RATE = Refusal("packet_rate", "too many packets that are no plain publish", disconnect=0x96)
RECEIVE_MAXIMUM = Refusal("receive_maximum", "more unacknowledged publishes than allowed", disconnect=0x93)
TOPIC_ALIAS = Refusal("topic_alias", "no topic aliases here", disconnect=0x94)
QOS = Refusal("qos", "no QoS 2 here", 0x9B, 0x9B)
RETAIN = Refusal("retain", "no retained messages here", 0x9A, 0x9A)
SUBSCRIPTION_ID = Refusal("subscription_id", "no subscription identifiers here", disconnect=0xA1)
FOREIGN_TOPIC = Refusal("foreign_topic", "a topic under another id", disconnect=0x87)
TOPIC_NAME = Refusal("topic_name", "a topic name with wildcards", disconnect=0x90)
KEEP_ALIVE = Refusal("keep_alive", "no packet within one and a half keep-alive", disconnect=0x8D)
TAKEN_OVER = Refusal("taken_over", "the vehicle connected again", disconnect=0x8E)

# Refused without an end to the connection; counted and logged all the same.
UNKNOWN_TOPIC = Refusal("unknown_topic", "a topic of its own that nobody here reads")
FOREIGN_FILTER = Refusal("foreign_filter", "a subscription to what is not its own")


def not_admitted(reason: str, text: str) -> Refusal:
    """A certificate that proves no vehicle that may connect; ``reason`` is that of the company room's IdentityError."""
    if reason in {REVOKED.reason, EXPIRED.reason}:
        known = REVOKED if reason == REVOKED.reason else EXPIRED
        return Refusal(reason, text, known.connack, known.disconnect)
    return Refusal(reason, text, 0x87, 0x87)


def broken_tls(reason: str, text: str) -> Refusal:
    """A handshake that failed."""
    return Refusal(reason, text)


class RefusalLog:
    """Counts every refusal, and logs so many of each reason that a hostile client cannot flood the log."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._lines: dict[str, int] = {}
        self._period = 0

    def note(self, refusal: Refusal, **who: Any) -> None:
        """Count and log a refusal, with what is known of the client."""
        self._report.count("refused_total", reason=refusal.reason)
        period = int(time.monotonic() / PERIOD_SECONDS)
        if period != self._period:
            self._summarise()
            self._period = period
        lines = self._lines[refusal.reason] = self._lines.get(refusal.reason, 0) + 1
        if lines <= LINES_PER_PERIOD:
            event(logger, logging.WARNING, "refused", reason=refusal.reason, why=refusal.text, **who)

    def _summarise(self) -> None:
        for reason, lines in self._lines.items():
            if lines > LINES_PER_PERIOD:
                more = lines - LINES_PER_PERIOD
                event(logger, logging.WARNING, "refused, not logged one by one", reason=reason, more=more)
        self._lines.clear()
