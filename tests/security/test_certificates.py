"""Certificates that look like somebody's: beyond those that tests/gateway/test_refused_identities.py refuses."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from typing import TYPE_CHECKING

import pytest

from kaido.agent.config import Endpoint
from kaido.agent.tls import client_context
from kaido.flow import UpKind
from kaido.wire.topics import KAIDO
from tests.gateway.client import Client, tls_context
from tests.gateway.rig import Credentials, Rig, until
from tests.security.certificates import SERVER_ONLY, Authority, authority_of

if TYPE_CHECKING:
    from pathlib import Path

TOPIC = KAIDO.up("car-1", UpKind.SIGNALS)
VIN = "5YJ3E1EA7KF317000"

LOOK_ALIKES = {
    "a zero behind it": "car-1\0",
    "a zero and more behind it": "car-1\0.evil",
    "a line feed behind it": "car-1\n",
    "a space behind it": "car-1 ",
    "a tab before it": "\tcar-1",
    "an escape sequence": "\x1b[2Jcar-1",
    "a slash": "acme/car-1",
    "a Cyrillic es": "\u0441ar-1",
    "full width": "\uff43ar-1",
    "another hyphen": "car\u20101",
    "a space of no width": "car-1\u200b",
    "right to left": "\u202e1-rac",
    "an accent by itself": "ca\u0301r-1",
    "a wildcard": "car-*",
    "a filter": "car-1/#",
    "a plus": "+",
    "two dots": "..",
    "another name behind it": "car-1,CN=car-2",
}


async def answered(rig: Rig, credentials: Credentials, client_id: str) -> int:
    async with await rig.client(credentials) as client:
        return int((await client.connect(client_id)).reason_code)


async def refused_by_tls(rig: Rig, credentials: Credentials | None) -> None:
    with contextlib.suppress(ssl.SSLError, ConnectionError):
        async with await Client.open(rig.gateway.port, tls_context(rig.trust, credentials)) as client:
            await client.closed()
    await until(lambda: sum(count for name, count in rig.counters.items() if name.startswith("refused_total")) == 1)
    assert len(rig.gateway.sessions) == 0


@pytest.mark.parametrize("name", LOOK_ALIKES)
async def test_a_common_name_that_looks_like_a_vehicle_s(
    rig: Rig, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither by its own spelling nor by that which it looks like; and no log shows what a terminal would obey."""
    authority = await Authority.of_company(rig, tmp_path, "given", "car-1")
    credentials = authority.signed(LOOK_ALIKES[name])
    for client_id in ("car-1", LOOK_ALIKES[name].replace("\0", "")):
        assert await answered(rig, credentials, client_id) == 0x87
    assert rig.refused("bad_common_name") == 2
    assert all(record.getMessage().isprintable() for record in caplog.records)


async def test_several_names_and_none(rig: Rig, tmp_path: Path) -> None:
    authority = await Authority.of_company(rig, tmp_path, "given", "car-1", "car-2")
    assert await answered(rig, authority.signed("car-1", "car-2"), "car-1") == 0x87
    assert await answered(rig, authority.signed(), "car-1") == 0x87
    assert (rig.refused("several_common_names"), rig.refused("no_common_name")) == (1, 1)


async def test_who_knows_a_vin_knows_nothing(rig: Rig, tmp_path: Path) -> None:
    """A VIN stands behind every windscreen: as client id, as user name, and as a company's certificate's name."""
    rig.vehicles.register("acme", "car-9", vin=VIN)
    authority = await Authority.of_company(rig, tmp_path, "given", "car-1")
    rig.vehicles.update("given", "car-1", vin=VIN)
    await rig.gateway.gatekeeper.refresh()
    assert await answered(rig, authority.signed(VIN), VIN) == 0x87
    assert rig.refused("not_registered") == 1
    async with await rig.client(rig.credentials()) as client:
        answer = await client.connect(VIN, username=VIN, password=VIN.encode())
        assert answer.reason_code == 0x85
    assert len(rig.gateway.sessions) == 0


async def test_a_vin_without_a_certificate(rig: Rig) -> None:
    rig.vehicles.register("acme", VIN, vin=VIN)
    await rig.gateway.gatekeeper.refresh()
    await refused_by_tls(rig, None)
    assert rig.refused("no_certificate") == 1


async def test_another_company_s_car_1_is_another_car(rig: Rig, tmp_path: Path) -> None:
    """Same id, a good certificate: its data is its own company's, and nothing of the first one's reaches it."""
    authority = await Authority.of_company(rig, tmp_path, "rival", "car-1")
    async with await rig.vehicle() as ours, await rig.client(authority.signed("car-1")) as theirs:
        assert not (await theirs.connect("car-1", clean_start=False)).session_present
        await theirs.publish(TOPIC, b"theirs", 1)
        await ours.publish(TOPIC, b"ours", 1)
    assert [row["payload"] for row in await rig.journaled()] == [b"ours"]
    assert [row["payload"] for row in await rig.journaled("rival")] == [b"theirs"]


async def test_revoking_reaches_into_one_company_alone(rig: Rig, tmp_path: Path) -> None:
    authority = await Authority.of_company(rig, tmp_path, "rival", "car-1")
    rig.vehicles.revoke("rival", "car-1")
    await rig.gateway.gatekeeper.refresh()
    assert await answered(rig, authority.signed("car-1"), "car-1") == 0x8A
    assert await answered(rig, rig.credentials(), "car-1") == 0


async def test_a_vehicle_is_no_authority(rig: Rig, tmp_path: Path) -> None:
    """Its own certificate and key, used to sign another's: with the whole chain sent along."""
    rig.vehicles.register("acme", "car-2")
    await rig.gateway.gatekeeper.refresh()
    forged = authority_of(rig.credentials(), tmp_path).signed("car-2")
    await refused_by_tls(rig, forged)


async def test_a_certificate_for_servers(rig: Rig, tmp_path: Path) -> None:
    authority = await Authority.of_company(rig, tmp_path, "given", "car-1")
    await refused_by_tls(rig, authority.signed("car-1", extension=SERVER_ONLY))
    assert rig.refused("not_for_clients") == 1


async def test_the_gateway_s_own_certificate_is_no_vehicle_s(rig: Rig) -> None:
    folder = rig.trust.parent
    await refused_by_tls(rig, Credentials(folder / "server.pem", folder / "server.key"))


async def test_a_certificate_without_its_key(rig: Rig, tmp_path: Path) -> None:
    """Certificates are public; a stolen one comes without its key."""
    authority = await Authority.of_company(rig, tmp_path, "given", "car-1")
    stolen, own = authority.signed("car-1"), authority.signed("car-7")
    with pytest.raises(ssl.SSLError, match="KEY_VALUES_MISMATCH"):
        await rig.client(Credentials(stolen.certificate, own.key))


CIPHERS = ["eNULL", "aNULL", "RC4", "3DES", "AES128-SHA", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256"]


@pytest.mark.parametrize("cipher", CIPHERS)
async def test_weak_ciphers(rig: Rig, cipher: str) -> None:
    """No encryption, no authentication, broken ones, SHA-1, and those whose recordings a stolen key opens."""
    context = tls_context(rig.trust, rig.credentials())
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.set_ciphers(f"{cipher}:@SECLEVEL=0")
    except ssl.SSLError:
        pytest.skip(f"this OpenSSL has no {cipher} to offer")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await Client.open(rig.gateway.port, context)
    await until(lambda: rig.refused("tls_version") + rig.refused("tls") == 1)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
async def test_old_versions(rig: Rig, version: ssl.TLSVersion) -> None:
    context = tls_context(rig.trust, rig.credentials())
    context.minimum_version = context.maximum_version = version
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await Client.open(rig.gateway.port, context)
    await until(lambda: rig.refused("tls_version") == 1)


async def test_the_agent_asks_who_the_gateway_is(rig: Rig, tmp_path: Path) -> None:
    """A gateway under another name, or of another authority, gets no byte of a vehicle's."""
    made = rig.credentials()
    async with Rig(tmp_path / "other") as other:
        for name, trust, port in (
            ("gateway.example", rig.trust, rig.gateway.port),
            ("localhost", rig.trust, other.gateway.port),
        ):
            endpoint = Endpoint("127.0.0.1", port, made.certificate, made.key, trust)
            context = client_context(endpoint)
            assert context.check_hostname
            assert context.minimum_version == ssl.TLSVersion.TLSv1_2
            with pytest.raises(ssl.SSLCertVerificationError):
                await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
