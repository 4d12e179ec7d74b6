"""One vehicle's MQTT connection under load."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import mqtt5

from kaido.sim.load.tls import TlsPipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from kaido.sim.load.commands import Commands
    from kaido.sim.load.window import Window

KEEP_ALIVE_S = 60
_INBOUND = 16
_PUBACK = b"\x40\x02"
_PUBACK_BYTES = 4
_PUBACK_UNHEARD, _UNHEARD = b"\x40\x03", b"\x10"
"""A broker that took a publish which nobody subscribes to says so (MQTT 5, section 3.4.2.1): it is acknowledged."""
_FAILURE = 0x80
_WRITE_SLICE = 16_384
_PING = mqtt5.PingReqPacket().write()


class RefusedError(OSError):
    """The server did not take the connection; the text says why."""


@dataclass
class Tally:
    """What all links together have done.

    Attributes:
        rejected: acknowledged with a failure.
        resent: sent once more over a new connection.
        latency_s: of acknowledgements, one of each batch, the newest million.
        lost: why connections ended without our wish, with how often.
    """

    sent: int = 0
    sent_bytes: int = 0
    acknowledged: int = 0
    rejected: int = 0
    resent: int = 0
    latency_s: deque[float] = field(default_factory=lambda: deque(maxlen=1_000_000))
    lost: dict[str, int] = field(default_factory=dict)


class Link(asyncio.Protocol):
    """Connects as one vehicle and publishes what its window makes.

    What has no PUBACK survives a lost connection and goes out again, the same bytes, over the next one.

    Args:
        vehicle: MQTT client id.
        window: its publishes.
        tally: shared by all links.
        on_room: called when acknowledgements made room.

    Attributes:
        commands: what answers commands; without it none are subscribed to.
        context: for TLS; without it, none.
        session: of the last connection; the next one resumes it.
        resumed: whether the handshake did.
    """

    def __init__(self, vehicle: str, window: Window, tally: Tally, on_room: Callable[[Link], None]) -> None:
        self.vehicle = vehicle
        self.window = window
        self.commands: Commands | None = None
        self.context: ssl.SSLContext | None = None
        self.session: ssl.SSLSession | None = None
        self.resumed = False
        self._tally = tally
        self._on_room = on_room
        self._transport: asyncio.Transport | None = None
        self._tls: TlsPipe | None = None
        self._accepted: asyncio.Future[None] | None = None
        self._rest = b""
        self._writable = False
        self._last_write = 0.0

    @property
    def is_up(self) -> bool:
        """Whether the server has accepted the connection."""
        return self._transport is not None and self._accepted is None

    async def connect(self, host: str, port: int, server_name: str, timeout_s: float) -> None:
        """Connect and wait for the server's consent.

        Raises:
            RefusedError: it said no.
            OSError: it cannot be reached, or took too long.
        """
        self._rest = b""
        self._tls = TlsPipe(self.context, server_name, self.session) if self.context else None
        loop = asyncio.get_running_loop()
        self._accepted = loop.create_future()
        try:
            async with asyncio.timeout(timeout_s):
                await loop.create_connection(lambda: self, host, port)
                await self._accepted
        except BaseException:
            self.drop()
            raise
        finally:
            self._accepted = None
        if self._tls is not None:
            self.session = self._tls.session
        if self.commands is not None:
            self._write(self.commands.subscription(self.vehicle))
        if again := self.window.again():
            self._tally.resent += len(self.window.flying)
            self._write(again)
        self._on_room(self)

    def send(self, count: int) -> int:
        """Publish up to ``count`` times, as far as window and socket allow; how many went out."""
        count = min(count, self.window.room)
        if not (count and self.is_up and self._writable):
            return 0
        packets = self.window.take(count)
        self._write(packets)
        self._tally.sent += count
        self._tally.sent_bytes += len(packets)
        return count

    def ping(self) -> None:
        """Keep the connection alive if it is idle."""
        if self.is_up and time.perf_counter() - self._last_write > KEEP_ALIVE_S / 2:
            self._write(_PING)

    def drop(self) -> None:
        """End the connection at once, without goodbye."""
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def close(self) -> None:
        """End the connection with goodbye."""
        if self.is_up and self._transport is not None:
            self._write(mqtt5.DisconnectPacket().write())
            self._transport.close()
        self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TCP is up: begin TLS, or say CONNECT."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without saying so
        self._writable = True
        if self._tls is None:
            self._hello()
        else:
            self._tls.handshake()
            self._transport.write(self._tls.outgoing())

    def data_received(self, data: bytes) -> None:
        """Acknowledgements, mostly."""
        if self._tls is not None:
            data = self._decrypted(self._tls, data)
        if data and self._transport is not None:
            self._read(self._rest + data if self._rest else data)

    def connection_lost(self, error: Exception | None) -> None:
        """The connection ended."""
        if self._transport is not None:
            self._failed(str(error) if error else "the server closed the connection")

    def pause_writing(self) -> None:
        """The socket is full."""
        self._writable = False

    def resume_writing(self) -> None:
        """The socket takes bytes again."""
        self._writable = True
        self._on_room(self)

    def _hello(self) -> None:
        packet = mqtt5.ConnectPacket(self.vehicle, clean_start=True, keep_alive=KEEP_ALIVE_S, receive_max=_INBOUND)
        self._write(packet.write())

    def _decrypted(self, tls: TlsPipe, data: bytes) -> bytes:
        was_up = tls.is_up
        try:
            plain = tls.received(data)
        except ssl.SSLError as error:
            self._failed(f"TLS: {error.reason or error}")
            return b""
        if self._transport is not None and (answer := tls.outgoing()):
            self._transport.write(answer)
        if tls.is_up and not was_up:
            self.resumed = tls.resumed
            self._hello()
        return plain

    def _write(self, data: bytes) -> None:
        if self._transport is None:
            return
        self._last_write = time.perf_counter()
        if self._tls is None:
            self._transport.write(data)
            return
        for start in range(0, len(data), _WRITE_SLICE):
            self._transport.write(self._tls.encrypt(data[start : start + _WRITE_SLICE]))

    def _read(self, data: bytes) -> None:
        place, end = 0, len(data)
        acknowledged = []
        while end - place >= _PUBACK_BYTES:
            if data.startswith(_PUBACK, place):
                acknowledged.append(data[place + 2] << 8 | data[place + 3])
                place += _PUBACK_BYTES
            elif data.startswith(_PUBACK_UNHEARD, place) and data[place + 4 : place + 5] == _UNHEARD:
                acknowledged.append(data[place + 2] << 8 | data[place + 3])
                place += _PUBACK_BYTES + 1
            elif size := self._read_other(data, place):
                place += size
            else:
                break
        self._rest = data[place:]
        if acknowledged and (sent := self.window.acknowledged(acknowledged)):
            self._tally.acknowledged += len(sent)
            self._tally.latency_s.append(time.perf_counter() - sent[-1])
            self._on_room(self)

    def _read_other(self, data: bytes, place: int) -> int:
        """The length of the packet at ``place``; 0 when it is not whole yet, or the connection is at its end."""
        try:
            packet, size = mqtt5.read(memoryview(data)[place:])
        except IndexError:
            return 0
        except ValueError as error:
            self._failed(f"the server does not speak MQTT 5: {error}")
            return 0
        match packet:
            case mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.SUCCESS):
                self.window.limit(packet.receive_max)
                if self._accepted is not None and not self._accepted.done():
                    self._accepted.set_result(None)
            case mqtt5.ConnAckPacket() | mqtt5.DisconnectPacket():
                self._failed(f"the server said {packet.reason_code.name} {packet.reason_str or ''}".rstrip())
                return 0
            case mqtt5.PubAckPacket():
                if int(packet.reason_code) >= _FAILURE:
                    self.window.rejected(packet.packet_id)
                    self._tally.rejected += 1
                else:
                    self._tally.acknowledged += len(self.window.acknowledged([packet.packet_id]))
                self._on_room(self)
            case mqtt5.PublishPacket() if self.commands is not None:
                self._write(self.commands.answer(self.vehicle, packet))
            case _:
                pass  # PINGRESP, and what the cloud has for the vehicle
        return size

    def _failed(self, why: str) -> None:
        self.drop()
        if self._accepted is None:
            self._tally.lost[why] = self._tally.lost.get(why, 0) + 1
        elif not self._accepted.done():
            self._accepted.set_exception(RefusedError(why))
