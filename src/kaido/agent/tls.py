"""The mutual TLS of a vehicle."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from kaido.errors import InvalidInputError

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.agent.config import Endpoint

_ENROL = "`kaido vehicle enrol ID --out DIR` writes certificate, key and authority"
_ALPN_PORT = 443


def client_context(endpoint: Endpoint) -> ssl.SSLContext:
    """The TLS context that proves the vehicle and checks the gateway.

    Raises:
        InvalidInputError: a file is missing or is not what it should be.
    """
    for what, path in (
        ("certificate", endpoint.certificate),
        ("private key", endpoint.key),
        ("gateway's authority", endpoint.ca),
    ):
        _must_be_readable(what, path)
    try:
        context = ssl.create_default_context(cafile=str(endpoint.ca))
    except ssl.SSLError as error:
        raise InvalidInputError(
            f"the gateway's authority {endpoint.ca} is no PEM certificate", why=str(error), fix=_ENROL
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(str(endpoint.certificate), str(endpoint.key), password="")
    except (ssl.SSLError, ValueError) as error:
        raise InvalidInputError(
            f"certificate {endpoint.certificate} and key {endpoint.key} cannot be used together",
            why=str(error),
            fix=_ENROL,
        ) from error
    if endpoint.port == _ALPN_PORT:
        context.set_alpn_protocols(["x-amzn-mqtt-ca"])
    return context


def _must_be_readable(what: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise InvalidInputError(
            f"the {what} {path} cannot be read", why=error.strerror or str(error), fix=_ENROL
        ) from error
