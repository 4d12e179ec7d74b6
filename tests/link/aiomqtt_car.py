"""aiomqtt: Paho on the event loop. It tells no PUBACK's reason code."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import TYPE_CHECKING

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from tests.gateway.client import tls_context
from tests.link.car import WAIT, Message, RefusedError

if TYPE_CHECKING:
    from tests.link.car import How


class AiomqttCar:
    """aiomqtt's ``Client``."""

    def __init__(self) -> None:
        self._client: aiomqtt.Client | None = None
        self._over = False

    async def connect(self, how: How) -> bool:
        asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
        asked.SessionExpiryInterval = how.expiry
        wish = how.will
        will = aiomqtt.Will(wish.topic, wish.payload, wish.qos, wish.retain) if wish else None
        self._client = aiomqtt.Client(
            "localhost",
            how.port,
            identifier=how.client_id,
            username="?SDK=aiomqtt",
            protocol=aiomqtt.ProtocolVersion.V5,
            will=will,
            keepalive=how.keep_alive,
            clean_start=how.clean,
            properties=asked,
            tls_context=tls_context(how.trust, how.credentials),
            timeout=how.patience,
        )
        present = False
        inner = self._client._client
        told = inner.on_connect

        def noted(*a: object) -> None:
            nonlocal present
            present = bool(getattr(a[2], "session_present", False))
            assert told is not None
            told(*a)  # type: ignore[arg-type]  # it hands over what it was given

        inner.on_connect = noted
        try:
            await self._client.__aenter__()
        except aiomqtt.MqttError as error:
            self._over = True
            raise RefusedError(_code(error)) from error
        return present

    async def publish(self, topic: str, payload: bytes, qos: int = 1, *, retain: bool = False) -> int:
        await self._up.publish(topic, payload, qos, retain)
        return 0

    async def subscribe(self, filters: list[str]) -> list[int]:
        codes = await self._up.subscribe([(pattern, SubscribeOptions(qos=1)) for pattern in filters])
        return [code.value if isinstance(code, ReasonCode) else code for code in codes]

    async def message(self) -> Message:
        got = await asyncio.wait_for(anext(self._up.messages), WAIT)
        assert isinstance(got.payload, bytes)
        return Message(str(got.topic), got.payload, got.qos)

    async def ended(self) -> int | None:
        try:
            async with asyncio.timeout(WAIT):
                while True:
                    await anext(self._up.messages)
        except aiomqtt.MqttError as error:
            self._over = True
            return _code(error)

    async def goodbye(self) -> None:
        await self._up.__aexit__(None, None, None)
        self._over = True

    async def vanish(self) -> None:
        plain = self._up._client.socket()
        assert isinstance(plain, socket.socket)
        with contextlib.suppress(OSError):
            plain.shutdown(socket.SHUT_RDWR)
        await self.ended()

    async def close(self) -> None:
        if self._client is not None:
            with contextlib.suppress(aiomqtt.MqttError):
                await self._client.__aexit__(None, None, None)

    @property
    def _up(self) -> aiomqtt.Client:
        assert self._client is not None
        return self._client


def _code(error: BaseException) -> int | None:
    """The gateway's reason code; Paho's own "unspecified" means that there was none."""
    for cause in (error, error.__cause__):
        code = getattr(cause, "rc", None)
        if isinstance(code, ReasonCode):
            return code.value if code.value != 0x80 else None
    return None
