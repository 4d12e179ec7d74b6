"""Eclipse Paho, in its own thread."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.link.car import WAIT, Message, RefusedError

if TYPE_CHECKING:
    from tests.link.car import How


class PahoCar:
    """paho-mqtt's ``Client``."""

    def __init__(self, protocol: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5) -> None:
        self._loop = asyncio.get_running_loop()
        self._protocol = protocol
        self._messages: asyncio.Queue[Message] = asyncio.Queue()
        self._answers: dict[int, asyncio.Future[list[int]]] = {}
        self._connected: asyncio.Future[tuple[bool, int]] = self._loop.create_future()
        self._ended: asyncio.Future[int | None] = self._loop.create_future()
        self.client: Any = None

    async def connect(self, how: How, **properties: Any) -> bool:
        self.client = self._made(how)
        asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
        asked.SessionExpiryInterval = how.expiry
        for name, value in properties.items():
            setattr(asked, name, value)
        how_five = (
            {"clean_start": how.clean, "properties": asked} if self._protocol == MQTTProtocolVersion.MQTTv5 else {}
        )
        try:
            await asyncio.to_thread(self.client.connect, "localhost", how.port, how.keep_alive, **how_five)
        except (OSError, ssl.SSLError) as error:
            raise RefusedError(None) from error
        self.client.loop_start()
        either: set[asyncio.Future[Any]] = {self._connected, self._ended}
        await asyncio.wait(either, timeout=WAIT, return_when=asyncio.FIRST_COMPLETED)
        if not self._connected.done():
            raise RefusedError(None)
        present, code = self._connected.result()
        if code:
            raise RefusedError(code)
        return present

    async def publish(
        self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False, **properties: Any
    ) -> int:
        added = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # as above
        for name, value in properties.items():
            setattr(added, name, value)
        info = self.client.publish(topic, payload, qos, retain, added)
        return (await self._answer(info.mid))[0] if qos else 0

    async def subscribe(self, filters: list[str], **properties: Any) -> list[int]:
        added = Properties(PacketTypes.SUBSCRIBE)  # type: ignore[no-untyped-call]  # as above
        for name, value in properties.items():
            setattr(added, name, value)
        wanted = [(pattern, SubscribeOptions(qos=1)) for pattern in filters]
        _, mid = self.client.subscribe(wanted, properties=added)
        return await self._answer(mid)

    async def message(self) -> Message:
        return await asyncio.wait_for(self._messages.get(), WAIT)

    async def ended(self) -> int | None:
        return await asyncio.wait_for(asyncio.shield(self._ended), WAIT)

    async def goodbye(self) -> None:
        self.client.disconnect()
        await self.ended()

    async def vanish(self) -> None:
        with contextlib.suppress(OSError):
            self.client.socket().shutdown(socket.SHUT_RDWR)
        await self.ended()

    async def close(self) -> None:
        if self.client is not None:
            await asyncio.to_thread(self.client.disconnect)
            await asyncio.to_thread(self.client.loop_stop)

    async def _answer(self, mid: int) -> list[int]:
        """What the gateway answers to a packet; nothing but the end may come instead."""
        answer = self._answers.setdefault(mid, self._loop.create_future())
        either: set[asyncio.Future[Any]] = {answer, self._ended}
        await asyncio.wait(either, timeout=WAIT, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            return answer.result()
        raise ConnectionError("the connection ended before the answer")

    def _made(self, how: How) -> Any:
        client: Any = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=how.client_id,
            protocol=self._protocol,
            reconnect_on_failure=False,
        )
        files = (how.credentials.certificate, how.credentials.key) if how.credentials else (None, None)
        client.tls_set(str(how.trust), *(str(file) if file else None for file in files))
        client.username_pw_set("?SDK=paho")
        if how.will:
            client.will_set(how.will.topic, how.will.payload, how.will.qos, how.will.retain)
        client.on_connect = lambda *a: self._tell(self._connected, (a[2].session_present, a[3].value))
        client.on_disconnect = lambda *a: self._tell(
            self._ended, a[3].value if a[2].is_disconnect_packet_from_server else None
        )
        client.on_message = lambda *a: self._loop.call_soon_threadsafe(
            self._messages.put_nowait, Message(a[2].topic, a[2].payload, a[2].qos)
        )
        client.on_subscribe = lambda *a: self._loop.call_soon_threadsafe(self._answered, a[2], [c.value for c in a[3]])
        client.on_publish = lambda *a: self._loop.call_soon_threadsafe(self._answered, a[2], [a[3].value])
        return client

    def _tell(self, future: asyncio.Future[Any], value: Any) -> None:
        def settle() -> None:
            if not future.done():
                future.set_result(value)

        self._loop.call_soon_threadsafe(settle)

    def _answered(self, mid: int, codes: list[int]) -> None:
        answer = self._answers.setdefault(mid, self._loop.create_future())
        if not answer.done():
            answer.set_result(codes)
