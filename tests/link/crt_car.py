"""The AWS CRT: the MQTT 5 client inside the FleetWise edge agent. It refuses some things before they are sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from awscrt import io, mqtt5  # type: ignore[import-untyped]  # it has no types

from tests.link.car import WAIT, Message, RefusedError

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tests.link.car import How

RESUME = mqtt5.ClientSessionBehaviorType.REJOIN_ALWAYS
CLEAN = mqtt5.ClientSessionBehaviorType.CLEAN


class CrtCar:
    """awscrt's ``mqtt5.Client``, which connects again by itself until it is stopped.

    Args:
        alpn: the protocol that it names, as the agent does on port 443.
        options: further ``ClientOptions``.
    """

    def __init__(self, alpn: str | None = None, **options: Any) -> None:
        self._loop = asyncio.get_running_loop()
        self._alpn = alpn
        self._options = options
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._events: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        self.settings: mqtt5.NegotiatedSettings | None = None
        self.client: mqtt5.Client | None = None

    async def connect(self, how: How, **fields: Any) -> bool:
        will = how.will and mqtt5.PublishPacket(
            topic=how.will.topic, payload=how.will.payload, qos=mqtt5.QoS(how.will.qos), retain=how.will.retain
        )
        packet = mqtt5.ConnectPacket(
            client_id=how.client_id,
            keep_alive_interval_sec=how.keep_alive,
            session_expiry_interval_sec=how.expiry,
            will=will,
            **{"username": "vehicle", **fields},
        )
        self.client = mqtt5.Client(
            mqtt5.ClientOptions(
                host_name="localhost",
                port=how.port,
                tls_ctx=self._tls(how),
                connect_options=packet,
                session_behavior=CLEAN if how.clean else RESUME,
                on_publish_callback_fn=self._published,
                on_lifecycle_event_connection_success_fn=lambda data: self._note("up", data),
                on_lifecycle_event_connection_failure_fn=lambda data: self._note("refused", data),
                on_lifecycle_event_disconnection_fn=lambda data: self._note("ended", data),
                on_lifecycle_event_stopped_fn=lambda data: self._note("stopped", data),
                **{"min_reconnect_delay_ms": 60_000, "max_reconnect_delay_ms": 60_000, **self._options},
            )
        )
        self.client.start()
        kind, data = await self.event("up", "refused")
        if kind == "refused":
            raise RefusedError(data.connack_packet and int(data.connack_packet.reason_code))
        self.settings = data.negotiated_settings
        return bool(data.negotiated_settings.rejoined_session)

    async def publish(self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False, **fields: Any) -> int:
        packet = mqtt5.PublishPacket(topic=topic, payload=payload, qos=mqtt5.QoS(qos), retain=retain, **fields)
        done = await self._done(self._up.publish(packet))
        return int(done.puback.reason_code) if qos else 0

    async def subscribe(self, filters: list[str], **fields: Any) -> list[int]:
        wanted = [mqtt5.Subscription(topic_filter=pattern, qos=mqtt5.QoS.AT_LEAST_ONCE) for pattern in filters]
        done = await self._done(self._up.subscribe(mqtt5.SubscribePacket(subscriptions=wanted, **fields)))
        return [int(code) for code in done.reason_codes]

    async def message(self) -> Message:
        return await asyncio.wait_for(self._messages.get(), WAIT)

    async def ended(self) -> int | None:
        _, data = await self.event("ended")
        return data.disconnect_packet and int(data.disconnect_packet.reason_code)

    async def goodbye(self) -> None:
        self._up.stop(mqtt5.DisconnectPacket())
        await self.event("stopped")

    async def vanish(self) -> None:
        self._up.stop()  # without a packet it closes the socket and says nothing
        await self.event("stopped")

    async def close(self) -> None:
        if self.client is not None:
            self.client.stop()
            self.client = None

    async def event(self, *kinds: str) -> tuple[str, Any]:
        """The next event of one of these kinds."""
        async with asyncio.timeout(WAIT):
            while True:
                kind, data = await self._events.get()
                if kind in kinds:
                    return kind, data

    @property
    def _up(self) -> mqtt5.Client:
        assert self.client is not None
        return self.client

    def _tls(self, how: How) -> io.ClientTlsContext:
        made = how.credentials
        options = (
            io.TlsContextOptions.create_client_with_mtls_from_path(str(made.certificate), str(made.key))
            if made
            else io.TlsContextOptions()
        )
        options.override_default_trust_store_from_path(None, str(how.trust))
        if self._alpn:
            options.alpn_list = [self._alpn]
        return io.ClientTlsContext(options)

    async def _done(self, future: Future[Any]) -> Any:
        return await asyncio.wait_for(asyncio.wrap_future(future), WAIT)

    def _published(self, data: mqtt5.PublishReceivedData) -> None:
        packet = data.publish_packet
        got = Message(packet.topic, bytes(packet.payload or b""), int(packet.qos))
        self._loop.call_soon_threadsafe(self._messages.put_nowait, got)

    def _note(self, kind: str, data: Any) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._events.put_nowait, (kind, data))
