"""Vehicles of a bench: a company, a decoder manifest, certificates, and payloads to publish."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kaido.bench.mosquitto import Tls
from kaido.bench.site import HOST
from kaido.catalog import CanSignal, DecoderManifest
from kaido.catalog.store import CatalogStore
from kaido.company import Companies, Enrolment, Vehicles
from kaido.company.registrations import Registration
from kaido.errors import UnavailableError
from kaido.flow_names import IDENTITY_SUBJECT
from kaido.runtime import folders
from kaido.sim.load import LoadVehicle, Server, vehicle_data, wavy_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kaido.bench.site import Site
    from kaido.sim.load import LoadClient, Payload

COMPANY = "bench"
HEARD_SECONDS = 1.0
"""How long gateway and ingest take to look at who there is, once they were told."""
SAMPLES = 100
SIGNALS = 10
_DIFFERENT = 256
"""Different payloads in all: repeated values would compress too well in the lake."""
_EACH, _FEW = 4, 2_000


def ids(count: int) -> list[str]:
    """The ids of so many vehicles."""
    return [f"car-{number:06d}" for number in range(count)]


async def connect(load: LoadClient) -> None:
    """Connect all of a load's vehicles.

    Raises:
        UnavailableError: some could not.
    """
    refused = (await load.connect()).refused
    if refused:
        raise UnavailableError("the load cannot connect", why=str(refused))


class Company:
    """A company on a site, whose vehicles may connect.

    Args:
        site: where; it runs.

    Attributes:
        manifest: of all its vehicles.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._folder = folders.make(site.settings.data / "certificates")
        self._ca = site.settings.data / "secrets" / "gateway" / "ca.pem"
        companies = self._companies = Companies(site.store, site.settings)
        companies.create(COMPANY)
        self._vehicles = Vehicles(site.store)
        self._enrolment = Enrolment(site.store, companies)
        signals = [
            CanSignal(path=f"Vehicle.Bench.Signal{n}", message_id=256 + n, start_bit_lsb=0, length=8)
            for n in range(1, SIGNALS + 1)
        ]
        self.manifest = DecoderManifest.of("bench", signals)
        CatalogStore(site.store).save_manifest(COMPANY, self.manifest)

    async def server(self) -> Server:
        """The gateway, as its vehicles know it; from now on it knows them."""
        await self._site.nats.publish(IDENTITY_SUBJECT, b"{}")
        await asyncio.sleep(HEARD_SECONDS)
        return Server(HOST, await self._site.port("gateway"), self._ca)

    def tls(self) -> Tls:
        """What another broker needs to take these vehicles, under the gateway's own name."""
        authority = self._folder / "company.ca"
        authority.write_text(self._companies.get(COMPANY).ca_pem)
        secrets = self._ca.parent
        return Tls(authority, secrets / "server.pem", secrets / "server.key")

    def vehicles(self, count: int, payloads: Sequence[Payload] = ()) -> list[LoadVehicle]:
        """Registered vehicles with a certificate each (all on one key, so that none has to be made).

        Args:
            count: how many.
            payloads: what they publish; VehicleData of 100 samples where none are given.
        """
        pool = payloads or self.payloads()
        each = min(_EACH if count <= _FEW else 1, len(pool))
        names = ids(count)
        self._vehicles.register_all(COMPANY, [Registration(one, None, None, None, None, None) for one in names])
        key = ec.generate_private_key(ec.SECP256R1())
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
        pem = request.public_bytes(serialization.Encoding.PEM)
        made = []
        for number, one in enumerate(names):
            file = self._folder / f"{one}.pem"
            file.touch(mode=0o600)
            file.write_bytes(self._enrolment.enrol(COMPANY, one, pem).certificate_pem.encode() + private)
            own = [pool[(each * number + index) % len(pool)] for index in range(each)]
            made.append(LoadVehicle(one, own, file))
        return made

    def payloads(self) -> list[Payload]:
        """VehicleData of 100 samples of all signals, different ones."""
        signals = range(1, SIGNALS + 1)
        now_ms = time.time_ns() // 1_000_000
        return [
            vehicle_data("bench@1", self.manifest.sync_id, wavy_samples(SAMPLES, signals, first=n * SAMPLES), now_ms)
            for n in range(_DIFFERENT)
        ]
