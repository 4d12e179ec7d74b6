"""The socket that vehicles connect to."""

from __future__ import annotations

import errno
import socket

from kaido.errors import InvalidInputError, UnavailableError

BACKLOG = 4_096


def listen(host: str, port: int, *, share: bool = False) -> socket.socket:
    """A listening socket.

    Args:
        host: the address.
        port: 0 takes a free one.
        share: let other gateway processes of ours listen on the same port (SO_REUSEPORT).

    Raises:
        UnavailableError: the port is taken or not allowed.
        InvalidInputError: there is no such address.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise InvalidInputError(
            f"the gateway's address '{host}' is none", why=error.strerror or "", fix="Set KAIDO_GATEWAY_HOST"
        ) from error
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if share:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise _refused(host, port, error) from error
    listener.setblocking(False)
    return listener


def _refused(host: str, port: int, error: OSError) -> UnavailableError:
    what = f"the gateway cannot listen on {host} port {port}"
    if error.errno == errno.EADDRINUSE:
        return UnavailableError(
            what,
            why="another program has this port",
            fix=f"Stop it (`ss -ltnp sport = :{port}` shows it), or choose another port with KAIDO_GATEWAY_PORT",
        )
    if error.errno == errno.EACCES:
        return UnavailableError(
            what, why="ports below 1024 need a privilege", fix="Choose another with KAIDO_GATEWAY_PORT"
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return UnavailableError(what, why="this machine has no such address", fix="Set KAIDO_GATEWAY_HOST")
    return UnavailableError(what, why=error.strerror or str(error), fix="Set KAIDO_GATEWAY_HOST and KAIDO_GATEWAY_PORT")
