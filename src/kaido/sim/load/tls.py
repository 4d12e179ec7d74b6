"""The client's end of TLS without a socket, so that a session can be resumed and memory stays small."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_READ = 65_536
_SLICE = 4_096
"""What goes into OpenSSL's memory at once: it keeps what it grew to, for each connection."""


class TlsPipe:
    """Encrypted bytes in, plain bytes out.

    Args:
        context: of the vehicle's certificate.
        server_name: what the server's certificate must say.
        session: of an earlier connection, to resume.
    """

    def __init__(self, context: ssl.SSLContext, server_name: str, session: ssl.SSLSession | None) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=server_name, session=session)
        self.is_up = False

    @property
    def session(self) -> ssl.SSLSession | None:
        """What a later connection can resume, once the server has given it."""
        return self._tls.session

    @property
    def resumed(self) -> bool:
        """Whether the handshake took up an earlier session."""
        return bool(self._tls.session_reused)

    def received(self, data: bytes) -> bytes:
        """Take what came from the socket; the plain bytes in it. What to answer is in ``outgoing``.

        Raises:
            ssl.SSLError: the handshake failed, or the server does not keep to TLS.
        """
        plain: list[bytes] = []
        for start in range(0, len(data), _SLICE):
            self._incoming.write(data[start : start + _SLICE])
            if not self.is_up:
                self.handshake()
            if self.is_up:
                with contextlib.suppress(ssl.SSLWantReadError, ssl.SSLZeroReturnError):
                    while piece := self._tls.read(_READ):
                        plain.append(piece)
        return b"".join(plain)

    def handshake(self) -> None:
        """Go on with the handshake as far as what was received allows."""
        with contextlib.suppress(ssl.SSLWantReadError):
            self._tls.do_handshake()
            self.is_up = True

    def encrypt(self, data: bytes) -> bytes:
        """The bytes to send for ``data``."""
        self._tls.write(data)
        return self._outgoing.read()

    def outgoing(self) -> bytes:
        """What TLS itself has to say."""
        return self._outgoing.read()


def context(certificate: Path, ca: Path) -> ssl.SSLContext:
    """A vehicle's context: about 20 kB.

    Args:
        certificate: PEM of certificate and key in one file.
        ca: PEM of who signed the gateway's certificate.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.load_verify_locations(ca)
    made.load_cert_chain(certificate)
    return made
