"""Company b, which has one of everything, named so that a leak shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.commands import Issuer, Order
from kaido.flow import QUARANTINE_SCHEMA, SAMPLE_SCHEMA, UpKind
from kaido.runtime import clock
from kaido.store.tables import ImportRow
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from tests.api.conftest import World
    from tests.security.routes import Route

SECRET = "zebra"

B_HAS = {
    "vehicles": f"{SECRET}-1",
    "companies": "b",
    "manifests": SECRET,
    "campaigns": SECRET,
    "state-templates": SECRET,
    "imports": f"{SECRET}-import",
    "tariffs": SECRET,
    "trips": f"{SECRET}-trip",
    "charges": f"{SECRET}-charge",
    "idles": f"{SECRET}-idle",
    "quarantine": f"{SECRET}-payload",
    "tokens": SECRET,
    "users": SECRET,
    "versions": "1",
    "commands": f"{SECRET}-command",
    "executions": f"{SECRET}-1",
    "card": f"{SECRET}-1",
    "parts": "state",
    "rehearsals": f"{SECRET}-rehearsal",
    "campaign-rehearsals": f"{SECRET}-rehearsal",
}
"""What a path's last fixed part stands for, and what company b has of it."""
ACTIONS = {"action": "cancel"}
"""Parameters that name nothing that a company has, but what is to be done."""


def of_b(route: Route) -> str:
    """The path of the thing that b has."""
    parts = route.path.split("/")
    named = [(part.strip("{}"), parts[at - 1]) for at, part in enumerate(parts) if part.startswith("{")]
    return route.filled({name: ACTIONS.get(name) or B_HAS[before] for name, before in named})


@pytest.fixture
async def full(world: World) -> World:
    """Company b has one of everything, named so that a leak shows."""
    rooms = world.services
    vehicle, now = B_HAS["vehicles"], clock.now()
    await world.b.ask("POST", "/vehicles", json={"id": vehicle, "model": SECRET, "vin": SECRET}, status=201)
    await world.b.ask("POST", f"/vehicles/{vehicle}/enrol", status=201)
    await world.b.ask("POST", "/tokens", json={"name": B_HAS["tokens"], "scopes": ["read"]}, status=201)
    user = {"name": B_HAS["users"], "role": "viewer", "password": f"{SECRET}-koi-pond-lantern"}
    await world.b.ask("POST", "/users", json=user, status=201)
    signal = CanSignal(path=f"Vehicle.{SECRET}", message_id=0x100, start_bit_lsb=0, length=16)
    rooms.catalog.save_manifest("b", DecoderManifest.of(B_HAS["manifests"], [signal]))
    wish = {"name": B_HAS["campaigns"], "signals": [signal.path], "period": "1s"}
    await world.b.ask("POST", "/campaigns", json=wish, status=201)
    state = {"name": B_HAS["state-templates"], "signals": [signal.path], "on_change": True}
    await world.b.ask("POST", "/state-templates", json=state, status=201)
    energy = [{"name": SECRET, "price_per_kwh": 1}]
    tariff = {"name": B_HAS["tariffs"], "currency": "USD", "zone": "UTC", "energy": energy}
    await world.b.ask("POST", "/tariffs", json=tariff, status=201)
    order = Order(SECRET, SECRET, pb.CommandRequest())
    rooms.commands.send("b", Issuer(SECRET, SECRET), [vehicle], order, timeout_ms=60_000, id=B_HAS["commands"])
    sample = {"vehicle": vehicle, "signal": signal.path, "time": now, "value": 1.0}
    rooms.lake("b").append(pa.Table.from_pylist([sample], SAMPLE_SCHEMA), app_id="test", version=1)
    bad = {
        "id": B_HAS["quarantine"],
        "vehicle": vehicle,
        "kind": int(UpKind.SIGNALS),
        "arrival": now,
        "reason": SECRET,
        "payload": SECRET.encode(),
    }
    rooms.lake("b").quarantine(pa.Table.from_pylist([bad], QUARANTINE_SCHEMA), app_id="test", version=1)
    document = {"manifest": SECRET, "file": SECRET, "kind": None, "start": None}
    with rooms.store.session() as session:
        row = {"company": "b", "id": B_HAS["imports"], "vehicle": vehicle, "state": "done"}
        session.add(ImportRow(**row, document=document, created=now, updated=now))
    return world
