"""The platform as its users have it: ``kaido up``, asked over HTTP."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx

from tests.protocol.edge import WAIT, Edge
from tests.whole.platform_fixture import RunningPlatform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DBC = """VERSION ""

BU_: ECU

BO_ 291 DRIVE: 8 ECU
 SG_ SPEED : 7|16@0+ (0.01,0) [0|300] "km/h" ECU
 SG_ POWER : 16|20@1- (10,0) [-300000|300000] "W" ECU

BO_ 2566869031 BATTERY: 8 ECU
 SG_ SOC : 3|10@0+ (0.1,0) [0|100] "%" ECU
 SG_ CHARGING : 32|1@1+ (1,0) [0|1] "" ECU
"""
SPEED = "Vehicle.Speed"
POWER = "Vehicle.Powertrain.TractionBattery.CurrentPower"
SOC = "Vehicle.Powertrain.TractionBattery.StateOfCharge.Current"
CHARGING = "Vehicle.Powertrain.TractionBattery.Charging.IsCharging"
HVAC = "Vehicle.Cabin.HVAC.IsAirConditioningActive"
LIMIT = "Vehicle.Powertrain.TractionBattery.Charging.ChargeLimit"
WIPING = "Vehicle.Body.Windshield.Front.Wiping.Mode"
MAPPING = {
    "DRIVE.SPEED": SPEED,
    "DRIVE.POWER": POWER,
    "BATTERY.SOC": SOC,
    "BATTERY.CHARGING": CHARGING,
    "actuators": ["Vehicle.Cabin.HVAC.*", LIMIT, WIPING, "Test.*"],
}
MANIFEST = "car"
INTEGERS = tuple(f"{sign}int{bits}" for bits in (8, 16, 32, 64) for sign in ("u", ""))
TYPES = ("boolean", *INTEGERS, "float", "double", "string")
CATALOG = {
    "Test": {
        "type": "branch",
        "description": "An actuator of each type.",
        "children": {
            f"Of{name.capitalize()}": {"type": "actuator", "datatype": name, "description": name} for name in TYPES
        },
    }
}


@dataclass
class Cloud:
    """A platform with one company, one CAN database, and as many vehicles as tests ask for."""

    platform: RunningPlatform
    api: httpx.Client

    def get(self, path: str, **query: Any) -> Any:
        """GET; the answer's JSON."""
        return self._said(self.api.get(f"/v1/{path}", params=query))

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        """POST; the answer's JSON."""
        return self._said(self.api.post(f"/v1/{path}", json=body, **more))

    def import_catalog(self) -> None:
        """Import the actuators of each type."""
        self._said(self.api.post("/v1/catalog/import", files={"file": ("test.json", json.dumps(CATALOG).encode())}))

    def import_database(
        self, text: str = DBC, mapping: dict[str, Any] | None = None, name: str = MANIFEST, **fields: str
    ) -> str:
        """Import a CAN database; the manifest's sync id."""
        files = {
            "file": ("car.dbc", text.encode()),
            "mapping": ("mapping.json", json.dumps(MAPPING if mapping is None else mapping).encode()),
        }
        answer = self._said(self.api.post("/v1/catalog/import", files=files, data={"name": name, **fields}))
        return str(answer["sync_id"])

    def vehicle(self, vehicle: str, manifest: str = MANIFEST, **connection: Any) -> Path:
        """Register and enrol a vehicle; its configuration file. ``connection`` changes keys of mqttConnection."""
        self.post("vehicles", {"id": vehicle, "manifest": manifest})
        made = self.post(f"vehicles/{vehicle}/enrol", {})
        folder = self.platform.folder / vehicle
        folder.mkdir()
        for name, key in {"certificate.pem": "certificate", "key.pem": "key", "ca.pem": "gateway_ca"}.items():
            (folder / name).write_text(made[key])
        mqtt = {
            "connectionType": "iotCore",
            "endpointUrl": self.platform.record["gateway"],
            "clientId": vehicle,
            "certificateFilename": "certificate.pem",
            "privateKeyFilename": "key.pem",
            "rootCAFilename": "ca.pem",
            "keepAliveIntervalSeconds": 60,
            "pingTimeoutMs": 30_000,
            "sessionExpiryIntervalSeconds": 600,
            **connection,
        }
        config = folder / "config-0.json"
        config.write_text(json.dumps({"version": "1.0", "staticConfig": {"mqttConnection": mqtt}}))
        return config

    def edge(self, vehicle: str, **connection: Any) -> Edge:
        """A vehicle that is not connected yet."""
        return Edge(self.vehicle(vehicle, **connection))

    @contextlib.contextmanager
    def running(self, vehicle: str, *, campaign: bool = True, **connection: Any) -> Iterator[Edge]:
        """A vehicle that has its documents: the manifest, and the campaign named as the vehicle."""
        if campaign:
            self.campaign(vehicle, vehicle)
        with self.edge(vehicle, **connection) as edge:
            edge.until(lambda: edge.manifest is not None, "a manifest")
            if campaign:
                edge.until(lambda: bool(edge.schemes), "a scheme")
            edge.checkin()
            yield edge

    def campaign(self, name: str, *vehicles: str, **changes: Any) -> dict[str, Any]:
        """Create a campaign for vehicles; they may come later."""
        given = {"name": name, "signals": ["Vehicle.*"], "period": "1s", "targets": list(vehicles), **changes}
        given["unregistered"] = True
        if "condition" in given:
            del given["period"]
        made: dict[str, Any] = self.post("campaigns", given)
        return made

    def heard(self, edge: Edge, campaign: str) -> dict[str, Any]:
        """Let a vehicle check in, and wait until that is known; how it stands to a campaign."""
        began = datetime.now(UTC)
        edge.checkin()
        found: dict[str, Any] = {}

        def known() -> bool:
            (one,) = (
                one for one in self.get(f"campaigns/{campaign}/vehicles")["items"] if one["vehicle"] == edge.vehicle
            )
            found.update(one)
            return one["checkin"] is not None and datetime.fromisoformat(one["checkin"]) >= began

        until(known, f"a checkin of {edge.vehicle}")
        return found

    def command(self, vehicle: str, signal: str, value: Any, **fields: Any) -> dict[str, Any]:
        """Send a command."""
        given = {"vehicle": vehicle, "signal": signal, "value": value, "timeout": "20s", **fields}
        made: dict[str, Any] = self.post("commands", given)
        return made

    def outcome(self, command_id: str) -> dict[str, Any]:
        """Wait for the end of a command to one vehicle; its execution."""
        found: dict[str, Any] = {}

        def ended() -> bool:
            found.update(self.get(f"commands/{command_id}")["execution"])
            return found["outcome"] is not None

        until(ended, f"the outcome of {command_id}")
        return found

    def rows(self, vehicle: str, count: int) -> list[dict[str, Any]]:
        """Wait for so many samples of a vehicle in the lake; by time, which is ``ms`` since the epoch."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = self.get("signals", vehicle=vehicle, signal="*")
            return len(found) >= count

        until(there, f"{count} samples of {vehicle}")
        for one in found:
            one["ms"] = round(datetime.fromisoformat(one["time"]).timestamp() * 1_000)
        return sorted(found, key=lambda one: (one["ms"], one["signal"]))

    def quarantined(self, vehicle: str) -> str:
        """Wait for a payload of a vehicle that could not be read; the reason."""
        found: list[str] = []

        def there() -> bool:
            found[:] = [one["reason"] for one in self.get("quarantine")["items"] if one["vehicle"] == vehicle]
            return bool(found)

        until(there, f"a payload of {vehicle} in quarantine")
        return found[0]

    def _said(self, answer: httpx.Response) -> Any:
        assert answer.is_success, f"{answer.request.method} {answer.request.url}\n{answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@contextlib.contextmanager
def running_cloud(folder: Path) -> Iterator[Cloud]:
    """Start a platform with a company and a manifest."""
    with RunningPlatform(folder) as platform:
        record = platform.record
        headers = {"Authorization": f"Bearer {record['token']}", "Accept": "application/json"}
        with httpx.Client(base_url=record["api"], headers=headers, timeout=WAIT) as api:
            cloud = Cloud(platform, api)
            cloud.post("companies", {"name": "acme"})
            cloud.import_catalog()
            cloud.import_database()
            yield cloud


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for something that the cloud is to do."""
    deadline = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < deadline, f"waited {WAIT:g} s for {what}"
        time.sleep(0.1)


def plain_socket(endpoint: str) -> socket.socket:
    """A TCP connection to the gateway, without TLS."""
    host, _, port = endpoint.rpartition(":")
    return socket.create_connection((host, int(port)), WAIT)
