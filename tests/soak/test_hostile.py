"""Ten thousand mutated packets and payloads through the real sockets of a whole platform: all are accounted for."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mqtt5
import pyarrow as pa
import pytest
import pytest_asyncio
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from mqtt5 import PubAckPacket, PublishPacket, QoS
from ptars import HandlerPool

from kaido.flow import UpKind
from kaido.lake import Lake
from kaido.sim.load.tls import context
from kaido.soak.fleet import COMPANIES
from kaido.soak.site import Site
from kaido.soak.watch import at_rest
from kaido.wire import kaido_wire_pb2 as wire
from kaido.wire import snappy
from kaido.wire.topics import KAIDO
from tests.gateway.client import Client

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterator

    from kaido.client import Client as Api

PAYLOADS = 9_000
STREAMS = 300
"""Connections that send mutated packets, a few each."""
CORPUS = [bytes.fromhex(file.read_text()) for file in sorted(Path(__file__).parent.parent.glob("gateway/corpus/*.hex"))]
WINDOW = 50
HOUR_MS = 3_600_000
HANDLER = HandlerPool([wire.DESCRIPTOR]).get_for_message(wire.VehicleData.DESCRIPTOR)
DBC = """VERSION ""

BU_: ECU

BO_ 291 DRIVE: 8 ECU
 SG_ SPEED : 7|16@0+ (0.01,0) [0|300] "km/h" ECU
 SG_ COUNTER : 39|32@0+ (1,0) [0|0] "" ECU
"""

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass
class Company:
    """A company of the platform, with one vehicle of the same id in each."""

    name: str
    site: Site
    manifest: str
    port: int
    tls: ssl.SSLContext
    sent: dict[UpKind, set[bytes]] = field(default_factory=lambda: {kind: set() for kind in UpKind})

    def api(self) -> Api:
        return self.site.client(self.name)

    def valid(self, event: int) -> wire.VehicleData:
        made = wire.VehicleData(
            campaign_sync_id=f"{self.name}@1",
            decoder_sync_id=self.manifest,
            collection_event_id=event,
            collection_event_time_ms_epoch=1_760_000_000_000 + event,
        )
        for number in range(event % 4 + 1):
            made.captured_signals.add(signal_id=number % 2 + 1, relative_time_ms=number, double_value=event)
        return made

    async def publish(self, kind: UpKind, payloads: list[bytes]) -> None:
        """Publish and wait for every acknowledgement, a window at a time."""
        self.sent[kind] |= set(payloads)
        topic = KAIDO.up("car-1", kind, "c-1") if kind is UpKind.COMMAND_RESPONSE else KAIDO.up("car-1", kind)
        async with await Client.open(self.port, self.tls) as car:
            assert (await car.connect("car-1")).reason_code == 0
            for start in range(0, len(payloads), WINDOW):
                part = payloads[start : start + WINDOW]
                for number, payload in enumerate(part, 1):
                    car.send(PublishPacket(topic, payload, qos=QoS.AT_LEAST_ONCE, packet_id=number))
                for number in range(1, len(part) + 1):
                    answer = await car.expect(PubAckPacket)
                    assert (answer.packet_id, answer.reason_code) == (number, 0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def companies(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[list[Company]]:
    folder = tmp_path_factory.mktemp("platform")
    (folder / "car.dbc").write_text(DBC)
    site = Site(folder, {"KAIDO_GATEWAY_MAX_CONNECTIONS": "2000"})
    await asyncio.to_thread(site.start)
    try:
        yield [await asyncio.to_thread(made, site, name) for name in COMPANIES]
    finally:
        await asyncio.to_thread(site.stop)


def made(site: Site, name: str) -> Company:
    with site.client() as operator:
        operator.post("/v1/companies", json={"name": name})
    with site.client(name) as api:
        api.upload("/v1/catalog/import", {"file": site.folder / "car.dbc"}, fields={"namespace": "Car"})
        (manifest,) = api.get("/v1/catalog/manifests")
        api.post("/v1/vehicles", json={"id": "car-1"})
        enrolled = api.post("/v1/vehicles/car-1/enrol", json={})
    certificate, ca = site.folder / f"{name}.pem", site.folder / f"{name}.ca"
    certificate.write_text(enrolled["certificate"] + enrolled["key"])
    ca.write_text(enrolled["gateway_ca"])
    return Company(name, site, manifest["sync_id"], enrolled["port"], context(certificate, ca))


def mutated(dice: random.Random, whole: bytes) -> bytes:
    content = bytearray(whole)
    for _ in range(dice.randint(0, 4)):
        match dice.randrange(4):
            case 0:
                content[dice.randrange(len(content))] = dice.randrange(256)
            case 1:
                del content[dice.randrange(len(content)) :]
            case 2:
                at = dice.randrange(len(content))
                content[at:at] = dice.randbytes(dice.randint(1, 20))
            case _:
                at = dice.randrange(len(content))
                content[at : at + dice.randint(1, 8)] = content[: dice.randint(0, 8)]
        if not content:
            break
    return bytes(content)


def payloads(company: Company, dice: random.Random) -> Iterator[bytes]:
    for event in range(PAYLOADS // len(COMPANIES)):
        whole = company.valid(event).SerializeToString()
        yield mutated(dice, snappy.compress(whole) if dice.random() < 0.5 else whole)
    yield from CORPUS


def readings(payload: bytes) -> Iterator[dict[str, Any]]:
    """A payload as other implementations read it: plain or Snappy, as its first byte makes likely."""
    contents = []
    for unpack in (snappy.decompress, bytes) if payload[:1] != b"\x0a" else (bytes, snappy.decompress):
        with contextlib.suppress(snappy.SnappyError):
            contents.append(unpack(payload))
    for content in contents:
        with contextlib.suppress(DecodeError):
            told = wire.VehicleData.FromString(content)
            yield MessageToDict(told, preserving_proto_field_name=True, always_print_fields_with_no_presence=True)
    for content in contents:  # ptars, ingest's, takes tags that protobuf's own refuses
        with contextlib.suppress(ValueError):
            yield from HANDLER.array_to_record_batch(pa.array([content], pa.binary())).to_pylist()


def samples(payload: bytes) -> Counter[tuple[Any, ...]]:
    """What a payload says."""
    told = next(readings(payload))
    event_ms = int(told["collection_event_time_ms_epoch"])
    signals = {1: "Car.DRIVE.SPEED", 2: "Car.DRIVE.COUNTER"}
    found: Counter[tuple[Any, ...]] = Counter()
    for one in told["captured_signals"]:
        text = one.get("string_value")
        what = repr(float(one["double_value"])) if text is None else text
        time_ms = event_ms + int(one["relative_time_ms"])
        found[told["collection_event_id"], signals[one["signal_id"]], time_ms, what] += 1
    if dtc := told.get("dtc_data"):
        codes = ",".join(dtc["active_dtc_codes"])
        time_ms = event_ms + int(dtc["relative_time_ms"])
        found[told["collection_event_id"], "Vehicle.OBD.DTCList", time_ms, codes] += 1
    return found


def in_the_lake(lake: Lake) -> Counter[tuple[Any, ...]]:
    rows = lake.signals("*", "*").to_pylist()
    assert {row["vehicle"] for row in rows} == {"car-1"}
    return Counter(
        (
            row["event"],
            row["signal"],
            round(row["time"].timestamp() * 1_000),
            repr(row["value"]) if row["text"] is None else row["text"],
        )
        for row in rows
    )


def counters(site: Site, company: str) -> dict[str, float]:
    with site.client() as api:
        processes = api.get("/v1/status")["processes"]
    (found,) = [process["counters"] for process in processes if process["component"] == "ingest"]
    label = f'company="{company}"'
    return {name: value for name, value in found.items() if label in name}


async def test_every_mutated_payload_is_accounted_for(companies: list[Company]) -> None:
    dice = random.Random(5)
    site = companies[0].site
    for company in companies:
        everything = list(dict.fromkeys(payloads(company, dice)))
        await company.publish(UpKind.SIGNALS, everything)
        await company.publish(UpKind.SIGNALS, everything[-20:])  # sent again, as after a lost acknowledgement
        for kind in (UpKind.CHECKIN, UpKind.COMMAND_RESPONSE):
            await company.publish(kind, everything[:100])
    status = await at_rest(site)
    assert status["state"] == "running", status["problems"]
    for company in companies:
        lake = Lake(site.data / "lake", company.name)
        quarantined = Counter(row["payload"] for row in lake.quarantined().to_pylist())
        sent = company.sent[UpKind.SIGNALS]
        assert quarantined.keys() <= sent
        assert set(quarantined.values()) == {1}
        wanted: Counter[tuple[Any, ...]] = Counter()
        for payload in sent - quarantined.keys():
            wanted += samples(payload)
        assert in_the_lake(lake) == wanted
        count = counters(site, company.name)
        by_reason = sum(value for name, value in count.items() if name.startswith("quarantined_total"))
        label = f'{{company="{company.name}"}}'
        assert by_reason == len(quarantined) > 500
        assert count[f"values_total{label}"] == wanted.total() > 2_000
        assert count[f"duplicates_total{label}"] == 20
        assert count[f"payloads_total{label}"] == len(sent) + 20 + 200
    assert site.traces() == []


async def test_mutated_packets_harm_nobody(companies: list[Company]) -> None:
    dice = random.Random(6)
    site = companies[0].site
    before = [in_the_lake(Lake(site.data / "lake", company.name)) for company in companies]
    gateway = site.pid("gateway")
    seeds = [
        PublishPacket(KAIDO.up("car-1", UpKind.CHECKIN), b"", qos=QoS.AT_LEAST_ONCE, packet_id=3).write(),
        mqtt5.SubscribePacket(1, [mqtt5.TopicFilter("kaido/v/car-1/#")]).write(),
        mqtt5.DisconnectPacket(reason_str="bye").write(),
        mqtt5.PingReqPacket().write(),
        *CORPUS,
    ]

    async def stream(number: int) -> None:
        company = companies[number % 2]
        data = b"".join(mutated(dice, one) for one in dice.choices(seeds, k=4))
        car = await Client.open(company.port, company.tls)
        if number % 5:
            await car.connect("car-1")
        car.send(data)
        with_eof = car.writer.transport
        await asyncio.wait({asyncio.ensure_future(car.packet())}, timeout=0.05)
        with_eof.abort()

    for start in range(0, STREAMS, 2):
        await asyncio.gather(stream(start), stream(start + 1))  # one of each company: a vehicle takes itself over
    assert site.pid("gateway") == gateway
    for company in companies:
        await company.publish(UpKind.SIGNALS, [company.valid(1_000_000).SerializeToString()])
    status = await at_rest(site)
    assert status["state"] == "running", status["problems"]
    for company, then in zip(companies, before, strict=True):
        new = in_the_lake(Lake(site.data / "lake", company.name)) - then
        assert new == samples(company.valid(1_000_000).SerializeToString())
    assert site.traces() == []


async def test_a_clock_an_hour_off_is_stored_as_sent_and_flagged(companies: list[Company]) -> None:
    (company, other) = companies
    for event in (2_000_000, 2_000_001):
        now_ms = time.time_ns() // 1_000_000 + HOUR_MS
        checkin = wire.Checkin(document_sync_ids=[], timestamp_ms_epoch=now_ms)
        await company.publish(UpKind.CHECKIN, [checkin.SerializeToString()])
        data = company.valid(event)
        data.collection_event_time_ms_epoch = now_ms
        await company.publish(UpKind.SIGNALS, [data.SerializeToString()])
        await at_rest(company.site)
    lake = in_the_lake(Lake(company.site.data / "lake", company.name))
    assert samples(data.SerializeToString()) <= lake
    for one, says in ((company, "the clocks of 1 vehicles are wrong: car-1 (+3600 s)"), (other, "no vehicle")):
        with one.api() as api:
            (found,) = [each for each in api.get("/v1/doctor")["findings"] if each["check"] == "clocks"]
        assert found["what"].startswith(says)
