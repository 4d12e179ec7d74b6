"""The link: one MQTT 5 connection over mutual TLS, as an asyncio protocol around the sans-I/O codec ``mqtt5``."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any, TypeVar, cast

import mqtt5

from kaido.agent.config import MAX_DOCUMENT_BYTES
from kaido.agent.errors import LinkError, LinkRefusedError
from kaido.agent.packets import PacketReader
from kaido.agent.reasons import FAILURE, TRY_AGAIN, LostReason, text_of
from kaido.agent.tls import client_context

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.agent.config import AgentConfig

    OnMessage = Callable[[str, bytes], None]
    OnAcknowledged = Callable[[mqtt5.PubAckReasonCode, str], None]

_T = TypeVar("_T")

_INBOUND_WINDOW = 16
_MAX_PACKET_BYTES = MAX_DOCUMENT_BYTES + 65_536
_SUBSCRIBE_ID = 65_535
"""The packet id of the subscription; publishes use those below."""


class Link(asyncio.Protocol):
    """A connection that is up: publish, be told of acknowledgements and messages, and of its end.

    Attributes:
        lost: resolves with the reason when the connection has ended.
        session_present: the cloud remembers the session before this connection.
        receive_maximum: publishes that the cloud takes unacknowledged.
        maximum_packet: the largest packet the cloud takes, bytes; None when it does not say.
    """

    def __init__(self, config: AgentConfig, on_message: OnMessage, on_room: Callable[[], None] = lambda: None) -> None:
        loop = asyncio.get_running_loop()
        self._config = config
        self._loop = loop
        self._on_message = on_message
        self._on_room = on_room
        self._transport: asyncio.Transport | None = None
        self._reader = PacketReader(_MAX_PACKET_BYTES)
        self._connack: asyncio.Future[mqtt5.ConnAckPacket] = loop.create_future()
        self._suback: asyncio.Future[mqtt5.SubAckPacket] = loop.create_future()
        self._pending: dict[int, OnAcknowledged] = {}
        self._writable = True
        self._ready = False
        self._reason: LostReason | None = None
        self._last_sent = loop.time()
        self._ping_timer: asyncio.TimerHandle | None = None
        self._pong_timer: asyncio.TimerHandle | None = None
        self._keep_alive_s = float(config.keep_alive_s)
        self.lost: asyncio.Future[LostReason] = loop.create_future()
        self.session_present = False
        self.receive_maximum = config.window
        self.maximum_packet: int | None = None

    @classmethod
    async def open(cls, config: AgentConfig, on_message: OnMessage, on_room: Callable[[], None] = lambda: None) -> Link:
        """Connect, log in and subscribe to the topics of the way down.

        Args:
            config: where, who, and how long to wait.
            on_message: called with topic and payload of each message; it must not block.
            on_room: called when the socket takes bytes again.

        Raises:
            LinkRefusedError: the cloud said no.
            LinkError: the cloud cannot be reached.
            InvalidInputError: the certificate files are wrong.
        """
        endpoint = config.endpoint
        where = f"{endpoint.host}:{endpoint.port}"
        context = client_context(endpoint)
        link: Link | None = None
        try:
            async with asyncio.timeout(config.connect_timeout_s):
                _, link = await asyncio.get_running_loop().create_connection(
                    lambda: cls(config, on_message, on_room),
                    endpoint.host,
                    endpoint.port,
                    ssl=context,
                    server_hostname=endpoint.server_name or endpoint.host,
                )
                await link._log_in(where)  # noqa: SLF001  # this is Link
                await link._subscribe(where)  # noqa: SLF001
        except TimeoutError as error:
            raise LinkError(f"{where} did not answer", why=f"waited {config.connect_timeout_s:g} s") from error
        except ssl.SSLCertVerificationError as error:
            raise LinkRefusedError(
                f"{where} has a certificate that {endpoint.ca} does not vouch for",
                why=error.verify_message,
                fix="Give the right authority with --ca, or the name in the certificate with --server-name",
            ) from error
        except OSError as error:  # ssl.SSLError and ConnectionError among them
            raise LinkError(
                f"{where} cannot be reached",
                why=error.strerror or str(error),
                fix="Does the platform run (`kaido status`), and is the endpoint right?",
            ) from error
        finally:
            if link is not None and not link.ready:
                link.abort("the log-in failed")
        return link

    @property
    def ready(self) -> bool:
        """Whether it is logged in, subscribed and not lost."""
        return self._ready and not self.lost.done()

    @property
    def free(self) -> int:
        """How many publishes may be sent now."""
        if not self._writable or not self.ready:
            return 0
        return max(0, self.window - len(self._pending))

    @property
    def window(self) -> int:
        """How many publishes may be unacknowledged."""
        return min(self.receive_maximum, self._config.window)

    @property
    def pending(self) -> list[int]:
        """The packet ids of the unacknowledged publishes."""
        return list(self._pending)

    def publish(
        self,
        topic: str,
        payload: bytes,
        packet_id: int,
        on_acknowledged: OnAcknowledged,
        *,
        duplicate: bool = False,
    ) -> bool:
        """Publish with QoS 1; False when the packet is larger than the cloud takes (nothing was sent then)."""
        packet = mqtt5.PublishPacket(
            topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id, duplicate=duplicate
        ).write()
        if self.maximum_packet is not None and len(packet) > self.maximum_packet:
            return False
        self._pending[packet_id] = on_acknowledged
        self._send(packet)
        return True

    async def close(self, timeout_s: float = 2.0) -> None:
        """Say goodbye and wait until the connection is closed."""
        if not self.lost.done() and self._transport is not None:
            self._end("closed by the agent")
            self._transport.write(mqtt5.DisconnectPacket().write())
            self._transport.close()
        await asyncio.wait([self.lost], timeout=timeout_s)
        self.abort("closed by the agent")

    def abort(self, why: str) -> None:
        """Drop the connection at once."""
        self._end(why)
        if self._transport is not None:
            self._transport.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The TLS handshake is done."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without saying so

    def connection_lost(self, error: Exception | None) -> None:
        """The socket is gone."""
        self._end(str(error) if error else "the cloud closed the connection")
        for timer in (self._ping_timer, self._pong_timer):
            if timer is not None:
                timer.cancel()
        assert self._reason is not None
        for waiting in (self._connack, self._suback):
            waiting.cancel()
        if not self.lost.done():
            self.lost.set_result(self._reason)

    def pause_writing(self) -> None:
        """The socket is full."""
        self._writable = False

    def resume_writing(self) -> None:
        """The socket takes bytes again."""
        self._writable = True
        self._on_room()

    def data_received(self, data: bytes) -> None:
        """Bytes of the cloud."""
        try:
            for packet in self._reader.feed(data):
                self._receive(packet)
        except ValueError as error:
            self.abort(f"the cloud sent what is no MQTT: {error}")

    # inside

    async def _log_in(self, where: str) -> None:
        self._send(
            mqtt5.ConnectPacket(
                self._config.vehicle,
                clean_start=False,
                keep_alive=self._config.keep_alive_s,
                session_expiry_interval=self._config.session_expiry_s,
                receive_max=_INBOUND_WINDOW,
                max_packet_size=_MAX_PACKET_BYTES,
            ).write()
        )
        answer = await self._answer(self._connack, where)
        if answer.reason_code != mqtt5.ConnAckReasonCode.SUCCESS:
            temporary = int(answer.reason_code) in TRY_AGAIN
            raise (LinkError if temporary else LinkRefusedError)(
                f"{where} refused vehicle {self._config.vehicle}",
                why=text_of(answer.reason_code, answer.reason_str),
                fix="" if temporary else "Is it registered and not revoked (`kaido vehicle list`)?",
            )
        self.session_present = answer.session_present
        self.receive_maximum = answer.receive_max
        self.maximum_packet = answer.max_packet_size
        if answer.server_keep_alive is not None:
            self._keep_alive_s = float(answer.server_keep_alive)
        self._schedule_ping()

    async def _subscribe(self, where: str) -> None:
        filters = self._config.prefixes.subscriptions(self._config.vehicle)
        self._send(
            mqtt5.SubscribePacket(
                _SUBSCRIBE_ID,
                [mqtt5.TopicFilter(name, max_qos=mqtt5.QoS.AT_LEAST_ONCE) for name in filters],
            ).write()
        )
        answer = await self._answer(self._suback, where)
        for name, code in zip(filters, answer.reason_codes, strict=False):
            if int(code) >= FAILURE:
                raise LinkRefusedError(
                    f"{where} refused the subscription to {name}", why=text_of(code, answer.reason_str)
                )
        self._ready = True

    async def _answer(self, waiting: asyncio.Future[_T], where: str) -> _T:
        either: set[asyncio.Future[Any]] = {waiting, self.lost}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done() and not waiting.cancelled():
            return waiting.result()
        reason = self.lost.result().text
        raise LinkError(
            f"{where} closed the connection before the log-in was done",
            why=reason,
            fix="Does the gateway know the authority that signed the vehicle's certificate?",
        )

    def _receive(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.PubAckPacket():
                on_acknowledged = self._pending.pop(packet.packet_id, None)
                if on_acknowledged is not None:
                    on_acknowledged(packet.reason_code, packet.reason_str or "")
            case mqtt5.PublishPacket():
                self._on_message(packet.topic, packet.payload)
                if packet.packet_id is not None:
                    self._send(mqtt5.PubAckPacket(packet.packet_id).write())
            case mqtt5.PingRespPacket():
                self._pong()
            case mqtt5.DisconnectPacket():
                self._goodbye(packet)
            case mqtt5.ConnAckPacket() if not self._connack.done():
                self._connack.set_result(packet)
            case mqtt5.SubAckPacket() if not self._suback.done():
                self._suback.set_result(packet)
            case _:
                raise ValueError(f"{type(packet).__name__} at this moment")

    def _goodbye(self, packet: mqtt5.DisconnectPacket) -> None:
        why = text_of(packet.reason_code, packet.reason_str)
        self._end(f"the cloud said goodbye: {why}", packet.reason_code)
        if self._transport is not None:
            self._transport.close()

    def _send(self, packet: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        self._last_sent = self._loop.time()
        self._transport.write(packet)

    def _end(self, text: str, code: mqtt5.DisconnectReasonCode | None = None) -> None:
        if self._reason is None:
            self._reason = LostReason(text, code)

    def _schedule_ping(self) -> None:
        if self._keep_alive_s > 0 and not self.lost.done():
            due = self._last_sent + self._keep_alive_s * 0.75
            self._ping_timer = self._loop.call_at(due, self._ping)

    def _pong(self) -> None:
        if self._pong_timer is not None:
            self._pong_timer.cancel()
            self._pong_timer = None

    def _ping(self) -> None:
        if self._loop.time() >= self._last_sent + self._keep_alive_s * 0.75:
            self._send(mqtt5.PingReqPacket().write())
            if self._pong_timer is None:
                self._pong_timer = self._loop.call_later(
                    self._config.ping_timeout_s, self.abort, "no answer to the keep-alive ping"
                )
        self._schedule_ping()
