"""One connection's bytes: the socket below, what MQTT reads and writes above.

TLS is done here over a plain transport, and not by the event loop: its own layer keeps a 256 kB buffer a connection,
says nothing about a handshake that failed, and goes on reading when it is asked to pause.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Protocol, cast

from kaido.gateway import refusals
from kaido.gateway.tls import TlsPipe, reason_of

if TYPE_CHECKING:
    from kaido.gateway.refusals import Refusal

EARLY_BYTES = 16_384
CLOSE_SECONDS = 3.0
"""How long a closed connection may take to read our last words before it is cut off."""


class Above(Protocol):
    """What speaks over a link."""

    def received(self, data: bytes) -> None:
        """Bytes came in."""

    def timed_out(self) -> None:
        """The link's deadline has passed."""

    def writable(self) -> None:
        """The client reads again what we write."""

    def keep_alive(self) -> None:
        """Begin the time for the next packet anew."""

    def lost(self) -> None:
        """The link is gone."""


class Below(Protocol):
    """The listener that a link belongs to."""

    now: float
    reading: bool

    def arrived(self, link: Link) -> None:
        """A connection was accepted."""

    def greeted(self, link: Link) -> None:
        """The first bytes of its handshake are here."""

    def opened(self, link: Link) -> Above:
        """Its handshake is done; who speaks over it now?"""

    def refused(self, link: Link, refusal: Refusal) -> None:
        """It is being closed for a reason."""

    def gone(self, link: Link) -> None:
        """It is closed."""


class Link(asyncio.Protocol):
    """A socket with TLS.

    Attributes:
        peer: the client's address.
        deadline: when, on the listener's clock, something must have happened.
        above: who speaks over it, once the handshake is done.
        established: whether it carries data: only then does back-pressure stop it, so that a CONNECT is answered.
        choked: whether the client does not read what we write.
    """

    __slots__ = (
        "_early", "_listener", "_pipe", "_transport", "_unsent", "above", "choked", "closing", "deadline",
        "established",
    )  # fmt: skip

    def __init__(self, listener: Below) -> None:
        self._listener = listener
        self._pipe: TlsPipe | None = None
        self._transport: asyncio.Transport | None = None
        self._early = b""
        self._unsent = 0
        self.choked = False
        self.established = False
        self.closing = False
        self.deadline = 0.0
        self.above: Above | None = None

    @property
    def peer(self) -> str:
        """The client's address and port."""
        name = self._transport.get_extra_info("peername") if self._transport else None
        return f"{name[0]}:{name[1]}" if name else "?"

    def certificate(self) -> bytes:
        """The client's certificate (DER)."""
        return self._pipe.certificate() if self._pipe is not None else b""

    # From the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is accepted."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's derives from nothing
        self._listener.arrived(self)

    def data_received(self, data: bytes) -> None:
        """Bytes from the socket."""
        if self.closing:
            return  # read on, so that the client is not reset before it has read why
        if self._pipe is None:
            self._wait(data)
        elif self.above is None:
            self._shake_hands(self._pipe, data)
        else:
            self._decrypt(self._pipe, self.above, data)

    def eof_received(self) -> bool:
        """The client will send no more."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # every end is the same to us
        """The socket is gone."""
        if self.above is None and not self.closing:
            self._listener.refused(self, refusals.HANG_UP)
        self.closing = True
        above, self.above = self.above, None
        if above is not None:
            above.lost()
        self._listener.gone(self)

    def pause_writing(self) -> None:
        """The client does not read what we write: read no more from it until it does."""
        self.choked = True
        self._unsent = self._left_to_send()
        self.steer()

    def resume_writing(self) -> None:
        """The client has read."""
        self.choked = False
        self.steer()
        if self.above is not None and not self.closing:
            self.above.keep_alive()  # who reads is alive
            self.above.writable()

    # From above.

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if self.closing or self._transport is None or self._pipe is None:
            return
        try:
            encrypted = self._pipe.encrypt(data)
        except ssl.SSLError:
            self.abort()  # the client broke TLS already; it is past being told
        else:
            if self.choked:
                self._unsent += len(encrypted)  # what is added is not what it failed to read
            self._transport.write(encrypted)

    def steer(self) -> None:
        """Read from the socket, or stop, as the listener and the client's own reading have it."""
        if self._transport is None or self._transport.is_closing():
            return
        if not self.closing and (self.choked or (self.established and not self._listener.reading)):
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def close(self) -> None:
        """Send what was written, say good-bye, wait a moment for the client to read it, end."""
        if self.closing or self._transport is None:
            return
        self.closing = True
        self.deadline = self._listener.now + CLOSE_SECONDS
        if self._transport.is_closing():
            return
        if self._pipe is not None:
            self._transport.write(self._pipe.farewell())
        self._transport.resume_reading()
        self._transport.write_eof()

    def abort(self) -> None:
        """End at once."""
        self.closing = True
        if self._transport is not None:
            self._transport.abort()

    # From the listener.

    def admit(self, pipe: TlsPipe) -> None:
        """Begin the handshake: there is room for it now."""
        self._pipe = pipe
        early, self._early = self._early, b""
        self._shake_hands(pipe, early)

    def expire(self) -> None:
        """The deadline has passed."""
        if self.closing:
            self.abort()
        elif self.above is not None and self.choked and (left := self._left_to_send()) < self._unsent:
            self._unsent = left  # it is not read meanwhile, but it reads: a large document on a slow line
            self.above.keep_alive()
        elif self.above is not None:
            self.above.timed_out()
        else:
            self.refuse(refusals.HANDSHAKE_TIMEOUT)

    def refuse(self, refusal: Refusal) -> None:
        """Count, log and close."""
        if not self.closing:
            self._listener.refused(self, refusal)
            self.close()

    def _left_to_send(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def _wait(self, data: bytes) -> None:
        """Keep a client's first words until its turn. It is read on meanwhile, to see whether it gives up."""
        first = not self._early
        self._early += data
        if first:
            self._listener.greeted(self)
        elif len(self._early) > EARLY_BYTES:
            self.refuse(refusals.broken_tls("tls", "the client sends much before it is answered"))

    def _shake_hands(self, pipe: TlsPipe, data: bytes) -> None:
        try:
            done = pipe.handshake(data)
        except ssl.SSLError as error:
            self._flush(pipe)
            self.refuse(refusals.broken_tls(*reason_of(error)))
            return
        self._flush(pipe)
        if done:
            self.above = self._listener.opened(self)
            self._decrypt(pipe, self.above, b"")  # what came along with the handshake's last words

    def _decrypt(self, pipe: TlsPipe, above: Above, data: bytes) -> None:
        try:
            plain, ended = pipe.decrypt(data)
        except ssl.SSLError as error:
            self.refuse(refusals.broken_tls(*reason_of(error)))
            return
        self._flush(pipe)
        if plain:
            above.received(plain)
        if ended:
            self.close()

    def _flush(self, pipe: TlsPipe) -> None:
        if self._transport is not None and (answer := pipe.outgoing()):
            self._transport.write(answer)
