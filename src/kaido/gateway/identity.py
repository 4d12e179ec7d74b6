"""Who may connect: the directory of vehicles kept fresh, and the TLS context with every company's authority in it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from typing import TYPE_CHECKING

from kaido.company import Identity, IdentityError
from kaido.errors import KaidoError
from kaido.gateway import certificates, refusals, tls
from kaido.runtime import clock
from kaido.runtime.log import event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kaido.gateway.ports import Directory
    from kaido.gateway.refusals import Refusal
    from kaido.runtime.settings import Settings
    from kaido.runtime.status import Report

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
SOONEST_SECONDS = 0.05
EXPIRY_SECONDS = 30.0
RENEWAL_SECONDS = 3_600.0


class Gatekeeper:
    """Says who a client is, and whether it is still welcome.

    Args:
        settings: where the gateway's certificate lies.
        directory: who is known.
        report: says what is wrong.
        changed: called when connected vehicles should be looked at again.
        names: further names of the gateway, for its certificate.
    """

    def __init__(
        self,
        settings: Settings,
        directory: Directory,
        report: Report,
        changed: Callable[[], None],
        names: Iterable[str] = (),
    ) -> None:
        self._settings = settings
        self._directory = directory
        self._report = report
        self._changed = changed
        self._names = tuple(names)
        self._loaded: set[str] = set()
        self._asked = asyncio.Event()
        self._refreshing = asyncio.Lock()
        self._paths = certificates.ensure(settings, self._names)
        self._certificate = self._paths.certificate.read_bytes()
        directory.refresh()
        self.context = tls.context(self._paths, [])
        self._load_authorities()

    def identify(self, der: bytes) -> Identity | Refusal:
        """Who the holder of a certificate is (this is asked on resumed TLS sessions too), or why it may not connect."""
        try:
            return self._directory.identify(der)
        except IdentityError as error:
            self.ask()  # perhaps it was registered this very moment: the next attempt will find it
            return refusals.not_admitted(error.reason, error.what)

    def unwelcome(self, identity: Identity) -> Refusal | None:
        """Why a vehicle that is connected may not stay."""
        if not self.knows(identity.company, identity.vehicle):
            return refusals.REVOKED
        if self._directory.certificate_revoked(identity.company, identity.serial):
            return refusals.REVOKED
        return refusals.EXPIRED if identity.not_after <= clock.now() else None

    def knows(self, company: str, vehicle: str) -> bool:
        """Whether a vehicle is registered and not revoked."""
        state = self._directory.vehicle(company, vehicle)
        return state.registered and not state.revoked

    def ask(self) -> None:
        """Look for changes now."""
        self._asked.set()

    async def refresh(self) -> None:
        """Know what the directory knows now.

        Raises:
            UnavailableError: the database is away; what was known stays in force.
        """
        async with self._refreshing:
            if await asyncio.to_thread(self._directory.refresh):
                self._load_authorities()
                self._changed()

    async def watch(self) -> None:
        """Follow the directory, and renew the gateway's certificate, for ever."""
        loop = asyncio.get_running_loop()
        renew_at = loop.time() + RENEWAL_SECONDS
        look_at = loop.time() + EXPIRY_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), REFRESH_SECONDS)
            self._asked.clear()
            try:
                await self.refresh()
                self._report.problem("identity", None)
            except Exception as error:  # noqa: BLE001  # what was known stays in force, and we try again
                if "identity" not in self._report.problems:
                    event(logger, logging.ERROR, "who may connect cannot be read", error=error)
                self._report.problem("identity", f"who may connect cannot be read: {error}")
            if loop.time() >= look_at:  # certificates end without anybody changing anything
                look_at = loop.time() + EXPIRY_SECONDS
                self._changed()
            if loop.time() >= renew_at:
                renew_at = loop.time() + RENEWAL_SECONDS
                await self._renew()
            await asyncio.sleep(SOONEST_SECONDS)

    def _load_authorities(self) -> None:
        for company, pem in self._directory.authorities():
            if pem not in self._loaded:
                self._loaded.add(pem)
                try:
                    self.context.load_verify_locations(cadata=pem)
                except (ssl.SSLError, ValueError) as error:
                    event(logger, logging.ERROR, "an authority cannot be loaded", company=company, error=error)

    async def _renew(self) -> None:
        """Show a renewed certificate to those who connect from now on."""
        try:
            paths = await asyncio.to_thread(certificates.ensure, self._settings, self._names)
            certificate = paths.certificate.read_bytes()
            if certificate != self._certificate:
                self.context.load_cert_chain(paths.certificate, paths.key)
                self._certificate = certificate
                event(logger, logging.INFO, "the gateway's certificate is renewed")
            self._report.problem("certificate", None)
        except (KaidoError, OSError) as error:
            self._report.problem("certificate", f"the gateway's certificate cannot be renewed: {error}")
