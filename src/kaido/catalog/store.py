"""A company's catalog, kept: signals, and every version of every decoder manifest."""

from __future__ import annotations

import fnmatch
import re
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kaido.catalog.manifest import DecoderManifest
from kaido.catalog.named_signal import NamedSignal
from kaido.catalog.signal import Signal
from kaido.catalog.vss import standard, standard_signal
from kaido.errors import InvalidInputError, NotFoundError
from kaido.runtime import clock
from kaido.store.tables import CompanyRow, ManifestRow, SignalRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from kaido.company import Vehicle
    from kaido.store import Store

MOST_IN_MEMORY = 64
"""Manifests that a store keeps read: they never change, and every checkin asks for one."""


@dataclass(frozen=True)
class Current:
    """The version of a manifest that vehicles should hold."""

    name: str
    sync_id: str
    created: datetime


class CatalogStore:
    """Signals and decoder manifests of all companies. All calls block; safe from many threads."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._read: OrderedDict[tuple[str, str], DecoderManifest] = OrderedDict()
        self._lock = threading.Lock()

    def import_signals(self, company: str, signals: Iterable[Signal]) -> int:
        """Add signals, or change those that are there; how many were new or other than before.

        Raises:
            NotFoundError: there is no such company.
        """
        changed = 0
        with self._store.session() as session:
            _check_company(session, company)
            rows = {row.path: row for row in session.scalars(select(SignalRow).where(SignalRow.company == company))}
            for signal in signals:
                row = rows.get(signal.path)
                if row is not None and _signal(row) == signal:
                    continue
                changed += 1
                if row is None:
                    session.add(SignalRow(company=company, **_columns(signal)))
                else:
                    for name, value in _columns(signal).items():
                        setattr(row, name, value)
        return changed

    def signals(self, company: str, glob: str | None = None) -> list[Signal]:
        """Every signal that the company can name, by path: of its catalog, of its manifests, and the standard ones.

        Args:
            company: the company.
            glob: only paths like this, ``*.Wheel.*.Speed``; case does not matter.
        """
        known = {signal.path: signal for signal in standard()}
        known |= {signal.path: signal for signal in self.imported(company)}
        for current in self.manifests(company):
            for one in self.manifest_by_sync_id(company, current.sync_id).all_signals:
                if one.path not in known:
                    about = f"{one.source} of {current.name}"
                    datatype = one.datatype if isinstance(one, NamedSignal) else "double"
                    known[one.path] = Signal(one.path, "sensor", datatype, one.unit, about, one.minimum, one.maximum)
        wanted = re.compile(fnmatch.translate(glob), re.IGNORECASE) if glob else None
        return [known[path] for path in sorted(known) if wanted is None or wanted.match(path)]

    def signal(self, company: str, path: str) -> Signal | None:
        """One signal that the company imported, or a standard one; without reading all of them."""
        with self._store.reading() as session:
            row = session.get(SignalRow, (company, path))
        return _signal(row) if row is not None else standard_signal(path)

    def imported(self, company: str) -> list[Signal]:
        """The signals of the VSS catalogs that the company imported."""
        with self._store.reading() as session:
            rows = session.scalars(select(SignalRow).where(SignalRow.company == company).order_by(SignalRow.path))
            return [_signal(row) for row in rows]

    def save_manifest(self, company: str, manifest: DecoderManifest) -> bool:
        """Make this the current version of its name; older ones stay readable. False where it is current already.

        Raises:
            NotFoundError: there is no such company.
            InvalidInputError: it is a vehicle's, without names.
        """
        made = DecoderManifest.of(
            manifest.name,
            manifest.signals,
            obd=manifest.obd,
            actuators=manifest.actuators,
            values=manifest.values,
        )
        if manifest != made:
            raise InvalidInputError(f"the manifest {manifest.sync_id} is not one that was made here")
        with self._store.session() as session:
            _check_company(session, company)
            current = _current(session, company).get(manifest.name)
            if current is not None and current.sync_id == manifest.sync_id:
                return False
            row = session.get(ManifestRow, (company, manifest.sync_id))
            if row is None:
                row = ManifestRow(company=company, sync_id=manifest.sync_id, name=manifest.name)
                row.document = manifest.to_json()
                session.add(row)
            row.created = clock.now()
        return True

    def manifests(self, company: str) -> list[Current]:
        """The current version of each manifest, by name."""
        with self._store.reading() as session:
            current = _current(session, company)
        return [current[name] for name in sorted(current)]

    def manifest(self, company: str, name: str) -> DecoderManifest:
        """The current version of a manifest.

        Raises:
            NotFoundError: there is none of this name; says the nearest.
        """
        known = {one.name: one.sync_id for one in self.manifests(company)}
        if name not in known:
            raise NotFoundError.of("manifest", name, known, fix="Import a CAN database: kaido catalog import FILE.dbc")
        return self.manifest_by_sync_id(company, known[name])

    def manifest_by_sync_id(self, company: str, sync_id: str) -> DecoderManifest:
        """A version of a manifest, current or old.

        Raises:
            NotFoundError: the company never had it.
        """
        key = (company, sync_id)
        with self._lock:
            if key in self._read:
                self._read.move_to_end(key)
                return self._read[key]
        with self._store.reading() as session:
            row = session.get(ManifestRow, key)
        if row is None:
            raise NotFoundError(f"no manifest '{sync_id}'", fix="See: kaido catalog manifests")
        manifest = DecoderManifest.from_json(row.document)
        with self._lock:
            self._read[key] = manifest
            while len(self._read) > MOST_IN_MEMORY:
                self._read.popitem(last=False)
        return manifest

    def manifest_for(self, company: str, vehicle: Vehicle) -> DecoderManifest | None:
        """What a vehicle should hold.

        That is the manifest that the vehicle names; else the one named as its model; else the only one there is.
        """
        known = {one.name: one.sync_id for one in self.manifests(company)}
        if vehicle.manifest:
            name: str | None = vehicle.manifest
        elif vehicle.model in known:
            name = vehicle.model
        else:
            name = next(iter(known)) if len(known) == 1 else None
        return self.manifest_by_sync_id(company, known[name]) if name in known else None


def _check_company(session: Session, company: str) -> None:
    if session.get(CompanyRow, company) is None:
        known = session.scalars(select(CompanyRow.name))
        raise NotFoundError.of("company", company, known, fix="Create it: kaido company create NAME")


def _current(session: Session, company: str) -> dict[str, Current]:
    query = (
        select(ManifestRow.name, ManifestRow.sync_id, ManifestRow.created)
        .where(ManifestRow.company == company)
        .order_by(ManifestRow.created)
    )
    return {name: Current(name, sync_id, created) for name, sync_id, created in session.execute(query)}


def _columns(signal: Signal) -> dict[str, Any]:
    allowed = list(signal.allowed) or None
    return asdict(signal) | {"unit": signal.unit or None, "description": signal.description or None, "allowed": allowed}


def _signal(row: SignalRow) -> Signal:
    return Signal(
        row.path,
        row.kind,
        row.datatype,
        row.unit or "",
        row.description or "",
        row.min,
        row.max,
        tuple(row.allowed or ()),
        row.critical,
    )
