"""A platform in a folder for tests of the gateway: store, companies, vehicles, NATS, gateway."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from kaido import flow
from kaido.company import Companies, Directory, Enrolment, Vehicles
from kaido.gateway import Gateway
from kaido.gateway.downlink import Downlink
from kaido.journal import EmbeddedServer, Journal
from kaido.journal.batches import decode_batch
from kaido.runtime.settings import load
from kaido.store import Store
from tests.databases import migrated
from tests.gateway.client import Client, tls_context

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WAIT = 30.0


@dataclass
class Credentials:
    """A certificate and its key, in files."""

    certificate: Path
    key: Path
    serial: str = ""


def self_made(
    folder: Path,
    common_name: str,
    *,
    issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None,
    ends: timedelta = timedelta(days=1),
    authority: bool = False,
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey, Credentials]:
    """A certificate that no part of Kaido made, valid until ``ends`` from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer[0].subject if issuer else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(days=2))
        .not_valid_after(datetime.now(UTC) + ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"made-{certificate.serial_number:x}"
    files = Credentials(folder / f"{stem}.pem", folder / f"{stem}.key", f"{certificate.serial_number:x}")
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return certificate, key, files


class Rig:
    """Everything that a vehicle's bytes need on their way into the journal. An async context manager."""

    def __init__(self, folder: Path, **overrides: Any) -> None:
        self.folder = folder
        self.settings = load(
            **{"data": folder, "gateway_host": "127.0.0.1", "gateway_port": 0, "gateway_batch_ms": 1.0, **overrides}
        )
        self._stack = AsyncExitStack()
        self._made: dict[tuple[str, str], Credentials] = {}

    async def __aenter__(self) -> Self:
        migrated(self.settings.data / "kaido.db")
        store = Store.open(self.settings.database)
        self._stack.callback(store.close)
        self.companies = Companies(store, self.settings)
        self.vehicles = Vehicles(store)
        self.enrolment = Enrolment(store, self.companies)
        self.companies.create("acme")
        self.vehicles.register("acme", "car-1")
        self.server = await self._stack.enter_async_context(EmbeddedServer(self.folder / "nats"))
        self.journal = await Journal.connect(self.server.url, self.server.token, self.settings)
        self._stack.push_async_callback(self.journal.close)
        self.gateway = Gateway(self.settings, Directory(store))
        await Downlink(self.gateway.sessions, self.gateway.report).listen(self.journal.nats)
        self.gateway.attach(self.journal, self.journal.nats.max_payload)
        await self.gateway.start()
        self._stack.push_async_callback(self.gateway.stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def trust(self) -> Path:
        return self.folder / "secrets" / "gateway" / "ca.pem"

    @property
    def counters(self) -> dict[str, float]:
        return self.gateway.report.counters

    def refused(self, reason: str) -> float:
        return self.counters[f'refused_total{{reason="{reason}"}}']

    def credentials(self, vehicle: str = "car-1", company: str = "acme") -> Credentials:
        """An enrolled vehicle's certificate."""
        if (company, vehicle) not in self._made:
            enrolled = self.enrolment.enrol(company, vehicle)
            assert enrolled.key_pem is not None
            stem = self.folder / f"{company}-{vehicle}"
            made = Credentials(stem.with_suffix(".pem"), stem.with_suffix(".key"), enrolled.serial)
            made.certificate.write_text(enrolled.certificate_pem)
            made.key.write_text(enrolled.key_pem)
            self._made[company, vehicle] = made
        return self._made[company, vehicle]

    async def client(self, credentials: Credentials | None = None, **options: Any) -> Client:
        """A TLS connection, with the certificate of car-1 unless another is given."""
        context = tls_context(self.trust, credentials or self.credentials(), **options)
        return await Client.open(self.gateway.port, context)

    async def vehicle(self, vehicle: str = "car-1", **fields: Any) -> Client:
        """A vehicle that is connected."""
        client = await self.client(self.credentials(vehicle))
        answer = await client.connect(vehicle, **fields)
        assert answer.reason_code == 0, answer
        return client

    async def down(self, vehicle: str, kind: flow.DownKind, payload: bytes, **headers: str) -> None:
        """What control does to send something to a vehicle."""
        named = {"Kaido-Vehicle": vehicle, "Kaido-Kind": str(int(kind))}
        named |= {f"Kaido-{name.capitalize()}": value for name, value in headers.items()}
        await self.journal.nats.publish(flow.down_subject("acme"), payload, headers=named)
        await self.journal.nats.flush()

    async def journaled(self, company: str = "acme", partition: int = 0) -> list[dict[str, Any]]:
        """Every row in the journal."""
        await self.journal.ensure_company(company)
        last = (await self.journal.state(company, partition)).last_seq
        rows: list[dict[str, Any]] = []
        if last:
            async for messages in self.journal.consume(company, partition, start_seq=1):
                for message in messages:
                    rows += decode_batch(message.data).to_pylist()
                if messages[-1].seq >= last:
                    break
        return rows


async def until(condition: Callable[[], object]) -> None:
    """Wait for something to become true."""
    async with asyncio.timeout(WAIT):
        while not condition():  # noqa: ASYNC110  # what is waited for has no event
            await asyncio.sleep(0.01)
