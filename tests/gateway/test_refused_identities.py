"""Who may not connect: each is refused, counted under its reason, and logged without a stack trace."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING

import mqtt5
import pytest

from kaido.flow import UpKind
from kaido.wire.topics import KAIDO
from tests.gateway.client import Client, tls_context
from tests.gateway.rig import Credentials, Rig, self_made, until

if TYPE_CHECKING:
    from pathlib import Path


async def refused_by_tls(rig: Rig, credentials: Credentials | None, reason: str) -> None:
    """The handshake fails (with TLS 1.3 the client hears of it when it reads)."""
    context = tls_context(rig.trust, credentials)
    with contextlib.suppress(ssl.SSLError, ConnectionError):
        async with await Client.open(rig.gateway.port, context) as client:
            await client.closed()
    await until(lambda: rig.refused(reason) == 1)


async def refused_by_mqtt(rig: Rig, credentials: Credentials, client_id: str, code: int, reason: str) -> None:
    async with await rig.client(credentials) as client:
        assert (await client.connect(client_id)).reason_code == code
        await client.closed()
    assert rig.refused(reason) == 1


async def test_no_certificate(rig: Rig) -> None:
    await refused_by_tls(rig, None, "no_certificate")


async def test_a_certificate_signed_by_itself(rig: Rig, tmp_path: Path) -> None:
    *_, credentials = self_made(tmp_path, "car-1")
    await refused_by_tls(rig, credentials, "self_signed")


async def test_an_authority_that_no_company_registered(rig: Rig, tmp_path: Path) -> None:
    authority, key, _ = self_made(tmp_path, "stranger", authority=True)
    *_, credentials = self_made(tmp_path, "car-1", issuer=(authority, key))
    await refused_by_tls(rig, credentials, "unknown_issuer")


async def test_an_authority_that_only_has_a_registered_name(rig: Rig, tmp_path: Path) -> None:
    genuine, key, files = self_made(tmp_path, "same name", authority=True)
    rig.companies.create("given", files.certificate.read_bytes())
    rig.vehicles.register("given", "car-1")
    forged, forged_key, _ = self_made(tmp_path, "same name", authority=True)
    await rig.gateway.gatekeeper.refresh()
    *_, credentials = self_made(tmp_path, "car-1", issuer=(forged, forged_key))
    await refused_by_tls(rig, credentials, "bad_certificate")
    *_, credentials = self_made(tmp_path, "car-1", issuer=(genuine, key))
    async with await rig.client(credentials) as client:
        assert (await client.connect("car-1")).reason_code == 0


async def test_an_ended_certificate(rig: Rig, tmp_path: Path) -> None:
    authority, key, files = self_made(tmp_path, "given", authority=True)
    rig.companies.create("given", files.certificate.read_bytes())
    await rig.gateway.gatekeeper.refresh()
    *_, credentials = self_made(tmp_path, "car-1", issuer=(authority, key), ends=timedelta(seconds=-5))
    await refused_by_tls(rig, credentials, "expired")


async def test_a_certificate_that_ends_does_not_live_on_in_a_resumed_session(rig: Rig, tmp_path: Path) -> None:
    authority, key, files = self_made(tmp_path, "given", authority=True)
    rig.companies.create("given", files.certificate.read_bytes())
    rig.vehicles.register("given", "car-1")
    await rig.gateway.gatekeeper.refresh()
    *_, credentials = self_made(tmp_path, "car-1", issuer=(authority, key), ends=timedelta(seconds=3))
    context = tls_context(rig.trust, credentials)
    session = await asyncio.to_thread(connect_twice, rig.gateway.port, context, None, 0)
    await asyncio.sleep(3)
    await asyncio.to_thread(connect_twice, rig.gateway.port, context, session, 0x87)
    assert rig.refused("expired") == 1


def connect_twice(
    port: int, context: ssl.SSLContext, session: ssl.SSLSession | None, code: int
) -> ssl.SSLSession | None:
    """CONNECT with a blocking socket, whose TLS session can be taken up again."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost", session=session) as secure,
    ):
        secure.sendall(mqtt5.ConnectPacket("car-1", clean_start=True).write())
        answer, _ = mqtt5.read(memoryview(secure.recv(4096)))
        assert isinstance(answer, mqtt5.ConnAckPacket)
        assert answer.reason_code == code
        assert secure.session_reused is (session is not None)
        return secure.session


async def test_a_client_id_that_is_not_the_common_name(rig: Rig) -> None:
    for number, client_id in enumerate(("car-2", "", "CAR-1", "car-1 ", "car-1/x"), 1):
        async with await rig.client() as client:
            assert (await client.connect(client_id)).reason_code == mqtt5.ConnAckReasonCode.CLIENT_ID_NOT_VALID
            await client.closed()
        assert rig.refused("client_id") == number


async def test_a_vehicle_that_is_not_registered(rig: Rig, tmp_path: Path) -> None:
    authority, key, files = self_made(tmp_path, "given", authority=True)
    rig.companies.create("given", files.certificate.read_bytes())
    await rig.gateway.gatekeeper.refresh()
    *_, credentials = self_made(tmp_path, "car-9", issuer=(authority, key))
    await refused_by_mqtt(rig, credentials, "car-9", 0x87, "not_registered")


@pytest.mark.parametrize("name", ["car/1", "car+", "car#", "a\nb", "../x", "$SYS", " "])
async def test_a_common_name_that_is_no_vehicle_id(rig: Rig, tmp_path: Path, name: str) -> None:
    authority, key, files = self_made(tmp_path, "given", authority=True)
    rig.companies.create("given", files.certificate.read_bytes())
    await rig.gateway.gatekeeper.refresh()
    *_, credentials = self_made(tmp_path, name, issuer=(authority, key))
    await refused_by_mqtt(rig, credentials, "car-1", 0x87, "bad_common_name")


async def test_a_revoked_vehicle(rig: Rig) -> None:
    credentials = rig.credentials()
    rig.vehicles.revoke("acme", "car-1")
    await rig.gateway.gatekeeper.refresh()
    await refused_by_mqtt(rig, credentials, "car-1", 0x8A, "revoked")


async def test_revoking_closes_a_live_connection(rig: Rig) -> None:
    async with await rig.vehicle(session_expiry_interval=100) as car:
        rig.vehicles.revoke("acme", "car-1")
        await car.refused(0x98)
    assert rig.refused("revoked") == 1
    await until(lambda: len(rig.gateway.sessions) == 0)


async def test_a_restored_vehicle_needs_a_new_certificate(rig: Rig) -> None:
    old = rig.credentials()
    rig.vehicles.revoke("acme", "car-1")
    rig.vehicles.restore("acme", "car-1")
    await rig.gateway.gatekeeper.refresh()
    await refused_by_mqtt(rig, old, "car-1", 0x8A, "revoked")


async def test_a_company_made_while_the_gateway_runs_may_connect(rig: Rig) -> None:
    rig.companies.create("beta")
    rig.vehicles.register("beta", "tram-1")
    await rig.gateway.gatekeeper.refresh()
    async with await rig.client(rig.credentials("tram-1", "beta")) as client:
        assert (await client.connect("tram-1")).reason_code == 0


async def test_a_company_may_register_an_intermediate_authority(rig: Rig, tmp_path: Path) -> None:
    root, root_key, _ = self_made(tmp_path, "root", authority=True)
    middle, middle_key, files = self_made(tmp_path, "middle", issuer=(root, root_key), authority=True)
    rig.companies.create("given", files.certificate.read_bytes())
    rig.vehicles.register("given", "car-5")
    await rig.gateway.gatekeeper.refresh()
    *_, credentials = self_made(tmp_path, "car-5", issuer=(middle, middle_key))
    async with await rig.client(credentials) as client:
        assert (await client.connect("car-5")).reason_code == 0
    # The root above it was not registered: what it signs itself is a stranger's.
    *_, credentials = self_made(tmp_path, "car-5", issuer=(root, root_key))
    await refused_by_tls(rig, credentials, "unknown_issuer")


async def test_alpn_of_the_stock_agent_is_taken(rig: Rig) -> None:
    context = tls_context(rig.trust, rig.credentials())
    context.set_alpn_protocols(["x-amzn-mqtt-ca"])
    _, writer = await asyncio.open_connection("127.0.0.1", rig.gateway.port, ssl=context, server_hostname="localhost")
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "x-amzn-mqtt-ca"
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_tls_1_2_and_1_3_are_spoken(rig: Rig, version: ssl.TLSVersion) -> None:
    async with await rig.client(maximum_version=version, minimum_version=version) as client:
        assert (await client.connect("car-1", username="?SDK=CPPv2", password=b"ignored")).reason_code == 0
        assert (await client.publish(KAIDO.up("car-1", UpKind.SIGNALS), bytes(50_000), 1)).reason_code == 0


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
async def test_older_tls_is_not(rig: Rig) -> None:
    context = tls_context(rig.trust, rig.credentials())
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", rig.gateway.port, ssl=context, server_hostname="localhost")
    await until(lambda: rig.refused("tls_version") == 1)
