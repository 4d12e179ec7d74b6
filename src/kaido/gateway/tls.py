"""TLS without a socket: encrypted bytes in, plain bytes out, and what a failed handshake means."""

from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kaido.gateway.certificates import Paths

ALPN = ("x-amzn-mqtt-ca", "mqtt")
_SLICE = 4_096
"""What goes into OpenSSL's memory at once. It keeps what it grew to, so this is memory of each connection."""
_WRITE_SLICE = 16_384
_READ = 65_536

_VERIFICATION = {
    9: ("not_yet_valid", "the certificate's time has not begun"),
    10: ("expired", "the certificate has ended"),
    18: ("self_signed", "the certificate is signed by itself"),
    **dict.fromkeys((2, 19, 20, 21), ("unknown_issuer", "no company has registered the certificate's authority")),
    26: ("not_for_clients", "the certificate is not for client authentication"),
}
_REASONS = {
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": ("no_certificate", "the client has no certificate"),
    **dict.fromkeys(
        ("UNSUPPORTED_PROTOCOL", "NO_SHARED_CIPHER", "NO_PROTOCOLS_AVAILABLE", "NO_SUITABLE_SIGNATURE_ALGORITHM"),
        ("tls_version", "the client speaks no TLS that is taken here (1.2 and 1.3)"),
    ),
    **dict.fromkeys(
        ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "HTTPS_PROXY_REQUEST", "PACKET_LENGTH_TOO_LONG"),
        ("not_tls", "the client does not speak TLS"),
    ),
}


def context(paths: Paths, authorities: Iterable[str]) -> ssl.SSLContext:
    """How the gateway speaks TLS: 1.2 or 1.3, with a certificate of one of the authorities (PEM) from the client."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    made.load_cert_chain(paths.certificate, paths.key)
    made.verify_mode = ssl.CERT_REQUIRED
    # A company may register an intermediate authority: then the chain ends there.
    made.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    made.set_alpn_protocols(list(ALPN))
    made.num_tickets = 1
    for pem in authorities:
        made.load_verify_locations(cadata=pem)
    return made


def reason_of(error: ssl.SSLError) -> tuple[str, str]:
    """The counter's label and the text for people."""
    if isinstance(error, ssl.SSLCertVerificationError):
        plain = ("bad_certificate", f"the certificate does not hold: {error.verify_message}")
        return _VERIFICATION.get(error.verify_code, plain)
    reason = error.reason or ""
    if "ALERT" in reason:
        return "client_alert", f"the client ended the handshake: {reason.replace('_', ' ').lower()}"
    return _REASONS.get(reason, ("tls", f"TLS failed: {reason.replace('_', ' ').lower() or 'no reason given'}"))


class TlsPipe:
    """The server's end of one TLS connection."""

    __slots__ = ("_incoming", "_outgoing", "_tls")

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def handshake(self, data: bytes) -> bool:
        """Take bytes of the handshake. Whether it is done; what to answer is in ``outgoing``.

        Raises:
            ssl.SSLError: it failed.
        """
        self._incoming.write(data)
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def certificate(self) -> bytes:
        """The client's certificate (DER)."""
        return self._tls.getpeercert(binary_form=True) or b""

    def decrypt(self, data: bytes) -> tuple[bytes, bool]:
        """The plain bytes in ``data``, and whether the client has ended the connection.

        Raises:
            ssl.SSLError: the client does not keep to TLS.
        """
        plain: list[bytes] = []
        read, write = self._tls.read, self._incoming.write
        for start in range(0, len(data) or 1, _SLICE):
            write(data[start : start + _SLICE])
            try:
                while True:
                    piece = read(_READ)
                    if not piece:
                        return b"".join(plain), True
                    plain.append(piece)
            except ssl.SSLWantReadError:
                pass
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b"".join(plain), True
        return (plain[0] if len(plain) == 1 else b"".join(plain)), False

    def encrypt(self, data: bytes) -> bytes:
        """The bytes to send for ``data``."""
        if len(data) <= _WRITE_SLICE:
            self._tls.write(data)
            return self._outgoing.read()
        records = []
        for start in range(0, len(data), _WRITE_SLICE):
            self._tls.write(data[start : start + _WRITE_SLICE])
            records.append(self._outgoing.read())
        return b"".join(records)

    def outgoing(self) -> bytes:
        """What TLS itself has to say."""
        return self._outgoing.read() if self._outgoing.pending else b""

    def farewell(self) -> bytes:
        """The end of what we send."""
        with contextlib.suppress(ssl.SSLError, OSError, ValueError):
            self._tls.unwrap()
        return self._outgoing.read()
