"""What ``kaido doctor`` looks at: each check says what it found, and what to do where it is not well."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from pydantic import BaseModel

from kaido.errors import KaidoError
from kaido.runtime import clock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kaido.api.services import Services
    from kaido.runtime.settings import Settings

FREE_BYTES = 2_000_000_000
RENEW = timedelta(days=30)
LAG_SECONDS = 30.0
LAGS = {"lag_seconds", "stream_lag_seconds"}
"""Gauges of how far a process is behind the journal: in all, and for each stream."""


class Finding(BaseModel):
    """One thing that was looked at."""

    check: str
    ok: bool
    what: str
    fix: str = ""

    @property
    def rank(self) -> tuple[bool, str]:
        """What is wrong comes first."""
        return self.ok, self.check


def process(name: str, state: str, problems: Mapping[str, str], gauges: Mapping[str, float]) -> list[Finding]:
    """Whether a process runs, what it complains of, and whether work waits for it."""
    check = f"process {name}"
    if state == "away":
        return [
            Finding(
                check=check, ok=False, what="does not answer", fix=f"Look into logs/{name}.log below the data folder"
            )
        ]
    found = [Finding(check=check, ok=False, what=text) for text in problems.values()]
    lag = max((value for name, value in gauges.items() if name.partition("{")[0] in LAGS), default=0.0)
    if lag > LAG_SECONDS:
        found.append(
            Finding(
                check=check,
                ok=False,
                what=f"is {lag:.0f} s behind the journal",
                fix="If it does not catch up, raise KAIDO_PARTITIONS and give it cores",
            )
        )
    return found or [Finding(check=check, ok=True, what="runs")]


def not_running(settings: Settings) -> Finding:
    """No platform runs on the folder: vehicles cannot connect, the rest works."""
    return Finding(
        check="platform",
        ok=False,
        what=f"no platform runs on {settings.data}; vehicles cannot connect",
        fix="Start it: kaido up",
    )


def company(rooms: Services, name: str) -> list[Finding]:
    """The company's vehicles, authority, lake and quarantine."""
    return [_vehicles(rooms, name), _authority(rooms, name), _lake(rooms, name), _quarantine(rooms, name)]


def machine(rooms: Services) -> list[Finding]:
    """Disk, journal and the gateway's certificate."""
    found = [_folder(rooms.settings.data), _disk(rooms.settings)]
    if not rooms.embedded:
        away = rooms.journal is None or not rooms.journal.connected
        found.append(
            Finding(
                check="journal",
                ok=not away,
                what="NATS is away: nothing is acknowledged to vehicles" if away else "NATS answers",
                fix="See logs of NATS (nats/nats.log below the data folder) or KAIDO_NATS_URL" if away else "",
            )
        )
    certificate = rooms.settings.data / "secrets" / "gateway" / "server.pem"
    if certificate.exists():
        found.append(_certificate("gateway certificate", certificate.read_bytes(), "Restart the gateway: it renews it"))
    return found


def _vehicles(rooms: Services, name: str) -> Finding:
    count = rooms.vehicles.count(name)
    if not count:
        return Finding(
            check="vehicles", ok=False, what=f"{name} has none", fix="Register one: kaido vehicle register ID"
        )
    if not rooms.catalog.manifests(name):
        return Finding(
            check="vehicles",
            ok=False,
            what=f"{count} registered, but there is no decoder manifest to give them",
            fix="Import a CAN database: kaido catalog import FILE.dbc",
        )
    return Finding(check="vehicles", ok=True, what=f"{count} registered")


def _authority(rooms: Services, name: str) -> Finding:
    found = rooms.companies.get(name)
    key = rooms.settings.data / "secrets" / name / "ca.key"
    if found.has_key and not os.access(key, os.R_OK):
        return Finding(
            check="certificate authority",
            ok=False,
            what=f"its key secrets/{name}/{key.name} cannot be read: no vehicle can be enrolled",
            fix="Put its back-up in its place",
        )
    return _certificate(
        "certificate authority", found.ca_pem.encode(), "Register a new one: kaido company create --help"
    )


def _certificate(check: str, pem: bytes, fix: str) -> Finding:
    until = x509.load_pem_x509_certificate(pem).not_valid_after_utc
    left = until - clock.now()
    if left > RENEW:
        return Finding(check=check, ok=True, what=f"valid until {until:%Y-%m-%d}")
    return Finding(check=check, ok=False, what=f"ends in {left.days} d, on {until:%Y-%m-%d}", fix=fix)


def _lake(rooms: Services, name: str) -> Finding:
    try:
        numbers = rooms.lake(name).statistics()
    except KaidoError as error:
        return Finding(check="lake", ok=False, what=f"{error.what}: {error.why}", fix=error.fix)
    inside = sorted(path for path in (rooms.settings.lake / name).glob("*") if path.is_dir())
    closed = [path for path in inside if not os.access(path, os.W_OK | os.X_OK)]
    if closed:
        return Finding(
            check="lake",
            ok=False,
            what=f"the folder lake/{name}/{closed[0].name} cannot be written",
            fix="Let who runs Kaido write there",
        )
    rows, size = numbers["signals"]["rows"], numbers["signals"]["bytes"]
    return Finding(check="lake", ok=True, what=f"{rows} samples in {size / 1e6:.1f} MB")


def _quarantine(rooms: Services, name: str) -> Finding:
    try:
        rows = rooms.lake(name).statistics()["quarantine"]["rows"]
    except KaidoError as error:
        return Finding(check="quarantine", ok=False, what=f"{error.what}: {error.why}", fix=error.fix)
    if rows:
        return Finding(
            check="quarantine",
            ok=False,
            what=f"{rows} payloads could not be read",
            fix="See why: kaido quarantine list. After mending: kaido quarantine replay",
        )
    return Finding(check="quarantine", ok=True, what="empty")


def _folder(folder: Path) -> Finding:
    ok = os.access(folder, os.W_OK | os.X_OK)
    return Finding(check="data folder", ok=ok, what=f"{folder} {'can' if ok else 'cannot'} be written")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data).free
    ok = free > FREE_BYTES
    return Finding(
        check="disk",
        ok=ok,
        what=f"{free / 1e9:.1f} GB free at {settings.data}",
        fix="" if ok else "Free some: set KAIDO_RETENTION_DAYS, or move the folder to a larger disk",
    )
