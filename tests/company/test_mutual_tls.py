"""What enrolment hands out works in a TLS handshake, and identifies the vehicle at its other end."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from kaido.company import IdentityError
from kaido.gateway import certificates
from kaido.runtime.settings import load
from tests.company.conftest import Issuer

if TYPE_CHECKING:
    from pathlib import Path

    from kaido.company import Enrolled
    from tests.company.conftest import Rooms


def _handshake(rooms: Rooms, tmp_path: Path, enrolled: Enrolled) -> bytes:
    """The client's certificate (DER) as the server's TLS layer hands it over."""
    paths = certificates.ensure(load(data=tmp_path))
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.verify_mode = ssl.CERT_REQUIRED
    server.load_cert_chain(paths.certificate, paths.key)
    server.load_verify_locations(cadata="".join(pem for _, pem in rooms.directory.authorities()))
    client = ssl.create_default_context(cafile=str(paths.ca))
    (tmp_path / "certificate.pem").write_text(enrolled.certificate_pem)
    (tmp_path / "key.pem").write_text(enrolled.key_pem or "")
    client.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    ends = socket.socketpair()
    for end in ends:
        end.settimeout(10)

    def serve() -> bytes:
        with server.wrap_socket(ends[0], server_side=True) as link:
            link.recv(1)
            return link.getpeercert(binary_form=True) or b""

    with ThreadPoolExecutor(1) as pool:
        serving = pool.submit(serve)
        with client.wrap_socket(ends[1], server_hostname="localhost") as link:
            link.send(b"!")
            return serving.result(10)


def test_an_enrolled_vehicle_is_known_at_the_other_end(rooms: Rooms, tmp_path: Path) -> None:
    for company in ("a", "b"):
        rooms.companies.create(company)
        rooms.vehicles.register(company, "car-1")
    enrolled = rooms.enrolment.enrol("b", "car-1")
    rooms.directory.refresh()
    der = _handshake(rooms, tmp_path, enrolled)
    identity = rooms.directory.identify(der)
    assert (identity.company, identity.vehicle, identity.serial) == ("b", "car-1", enrolled.serial)
    rooms.vehicles.revoke("b", "car-1")
    rooms.directory.refresh()
    with pytest.raises(IdentityError, match="revoked"):
        rooms.directory.identify(der)


def test_a_strangers_certificate_does_not_pass_the_handshake(rooms: Rooms, tmp_path: Path) -> None:
    rooms.companies.create("acme", Issuer().pem)
    rooms.directory.refresh()
    stranger = rooms.companies.create("stranger")  # after the refresh: the server does not know it
    rooms.vehicles.register(stranger.name, "car-1")
    enrolled = rooms.enrolment.enrol(stranger.name, "car-1")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        _handshake(rooms, tmp_path, enrolled)
