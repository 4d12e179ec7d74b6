"""A vehicle that speaks the FleetWise protocol, and shares no code with Kaido.

Its MQTT 5 client is the AWS CRT's, the one inside the C++ edge agent; it is configured by that agent's file, and its
messages are written from the wire's description alone.

It does what the protocol asks of a vehicle, and no more: it collects nothing; tests say what it sends.
"""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import cramjam
from awscrt import io, mqtt5  # type: ignore[import-untyped]  # it has no types

from tests.protocol import messages as m
from tests.protocol.messages import WIRE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future
    from pathlib import Path

WAIT = 60.0
NOT_AUTHORIZED = 0x87
USERNAME = "?SDK=CPPv2&Version=1.34.1&Platform=Linux"


@dataclass(frozen=True)
class Received:
    """A message of the way down."""

    topic: str
    payload: bytes
    qos: int


@dataclass
class Edge:
    """One vehicle.

    Attributes:
        config: the edge agent's configuration file.
        obey: how it answers actuator commands: status, reason code and text; None does not answer.
        manifest: what it holds, decoded; None at first.
        schemes: the collection schemes that it runs, by sync id.
        templates: the state templates that it holds, by sync id.
        version: of the newest difference of state templates that it took.
        ignored: documents that it had reason to ignore: topic's tail and why.
        received: every message, in order.
        commands: every request, decoded, in order.
    """

    config: Path
    obey: Callable[[dict[str, Any]], tuple[int, int, str] | None] = lambda _: (m.SUCCEEDED, 0, "")
    manifest: dict[str, Any] | None = None
    schemes: dict[str, dict[str, Any]] = field(default_factory=dict)
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: int = 0
    ignored: list[tuple[str, str]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    commands: list[dict[str, Any]] = field(default_factory=list)
    acknowledged: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        read = json.loads(self.config.read_text())["staticConfig"]["mqttConnection"]
        assert read["connectionType"] == "iotCore"
        self._mqtt = read
        self.vehicle: str = read["clientId"]
        data = read.get("iotFleetWiseTopicPrefix", "$aws/iotfleetwise/")
        commands = read.get("commandsTopicPrefix", "$aws/commands/")
        self.p = data if "{id}" in data else f"{data}vehicles/{{id}}/"
        self.c = commands if "{id}" in commands else f"{commands}things/{{id}}/"
        self.p, self.c = self.p.replace("{id}", self.vehicle), self.c.replace("{id}", self.vehicle)
        self._changed = threading.Condition()
        self._events: defaultdict[str, list[Any]] = defaultdict(list)
        self._client: Any = None

    # the connection

    def __enter__(self) -> Self:
        for again in range(20, -1, -1):
            try:
                self.connect()
                break
            except ConnectionError as error:  # gateways may not know yet that it was enrolled a moment ago
                if error.args[0] != NOT_AUTHORIZED or not again:
                    raise
                self.close()
                time.sleep(0.2)
        self.subscribe()
        self.checkin()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self, *, alpn: str | None = None, clean: bool = True, **fields: Any) -> Any:
        """CONNECT; what was negotiated.

        Raises:
            ConnectionError: with the reason code of the CONNACK, or None.
        """
        read = self._mqtt
        packet = mqtt5.ConnectPacket(
            **{
                "client_id": self.vehicle,
                "username": USERNAME,
                "keep_alive_interval_sec": read.get("keepAliveIntervalSeconds", 60),
                "session_expiry_interval_sec": read.get("sessionExpiryIntervalSeconds", 0),
                **fields,
            }
        )
        host, _, port = read["endpointUrl"].rpartition(":")
        behaviour = mqtt5.ClientSessionBehaviorType
        self._events.clear()
        self._client = mqtt5.Client(
            mqtt5.ClientOptions(
                host_name=host,
                port=int(port),
                tls_ctx=self._tls(alpn),
                connect_options=packet,
                ping_timeout_ms=read.get("pingTimeoutMs", 30_000),
                session_behavior=behaviour.CLEAN if clean else behaviour.REJOIN_ALWAYS,
                on_publish_callback_fn=lambda data: self._take(data.publish_packet),
                on_lifecycle_event_connection_success_fn=lambda data: self._note("up", data),
                on_lifecycle_event_connection_failure_fn=lambda data: self._note("refused", data),
                on_lifecycle_event_disconnection_fn=lambda data: self._note("ended", data),
                on_lifecycle_event_stopped_fn=lambda data: self._note("stopped", data),
                min_reconnect_delay_ms=60_000,
                max_reconnect_delay_ms=60_000,
            )
        )
        self._client.start()
        self.until(lambda: bool(self._events["up"] or self._events["refused"]), "an answer to the CONNECT")
        if self._events["refused"]:
            answer = self._events["refused"][0].connack_packet
            raise ConnectionError(answer and int(answer.reason_code))
        return self._events["up"][0].negotiated_settings

    def subscribe(self, filters: Sequence[str] | None = None) -> list[int]:
        """Subscribe with QoS 1, by default to all that the protocol sends; the reason codes."""
        wanted = filters or [
            f"{self.p}decoder_manifests",
            f"{self.p}collection_schemes",
            f"{self.p}last_known_states/config",
            f"{self.c}executions/+/request/protobuf",
            f"{self.c}executions/+/response/accepted/protobuf",
            f"{self.c}executions/+/response/rejected/protobuf",
        ]
        subscriptions = [mqtt5.Subscription(topic_filter=one, qos=mqtt5.QoS.AT_LEAST_ONCE) for one in wanted]
        done = self._client.subscribe(mqtt5.SubscribePacket(subscriptions=subscriptions)).result(WAIT)
        return [int(code) for code in done.reason_codes]

    def publish(self, topic: str, payload: bytes) -> int:
        """Publish with QoS 1; the reason code of the PUBACK."""
        return int(self.say(topic, payload).result(WAIT).puback.reason_code)

    def say(self, topic: str, payload: bytes) -> Future[Any]:
        """Publish with QoS 1, and wait for nothing."""
        packet = mqtt5.PublishPacket(topic=topic, payload=payload, qos=mqtt5.QoS.AT_LEAST_ONCE)
        done: Future[Any] = self._client.publish(packet)
        return done

    def ended(self) -> int | None:
        """Wait for the cloud to end the connection; the reason code of its DISCONNECT."""
        self.until(lambda: bool(self._events["ended"]), "the end of the connection")
        packet = self._events["ended"][0].disconnect_packet
        return packet and int(packet.reason_code)

    def close(self) -> None:
        """Leave, and no thread behind."""
        if self._client is not None:
            self._client.stop(mqtt5.DisconnectPacket())
            self.until(lambda: bool(self._events["stopped"]), "the end of the client")
            self._client = None

    # what a vehicle says

    def sync_ids(self) -> list[str]:
        """What it holds: the manifest, active and idle schemes, state templates."""
        if self.manifest is None:
            return []
        return [self.manifest["sync_id"], *self.schemes, *self.templates]

    def checkin(self) -> None:
        """Say what it holds."""
        ids = self.sync_ids()
        payload = WIRE.encode("Checkin", {"document_sync_ids": ids, "timestamp_ms_epoch": now_ms()})
        assert self.publish(f"{self.p}checkins", payload) == 0

    def send(self, signals: Sequence[dict[str, Any]], *, snappy: bool = True, **fields: Any) -> int:
        """VehicleData under the manifest that it holds; the event's time, ms."""
        given = {
            "campaign_sync_id": next(iter(self.schemes), ""),
            "decoder_sync_id": self.manifest["sync_id"] if self.manifest else "",
            "collection_event_id": now_ms() & 0xFFFF_FFFF,
            "collection_event_time_ms_epoch": now_ms(),
            **fields,
        }
        payload = WIRE.encode("VehicleData", {"captured_signals": signals, **given})
        assert self.publish(f"{self.p}signals", compress(payload) if snappy else payload) == 0
        return int(given["collection_event_time_ms_epoch"])

    def send_state(self, template: str, signals: Sequence[dict[str, Any]], time_ms: int | None = None) -> int:
        """LastKnownStateData, Snappy as always; its time, ms."""
        moment = time_ms or now_ms()
        captured = [{"state_template_sync_id": template, "captured_signals": signals}]
        values = {"collection_event_time_ms_epoch": moment, "captured_state_template_signals": captured}
        payload = WIRE.encode("LastKnownStateData", values)
        assert self.publish(f"{self.p}last_known_states/data", compress(payload)) == 0
        return moment

    def respond(self, command_id: str, status: int, reason: int = 0, text: str = "") -> int:
        """CommandResponse; the reason code of the PUBACK."""
        said = {"status": status, "command_id": command_id, "reason_code": reason, "reason_description": text}
        payload = WIRE.encode("CommandResponse", said)
        return self.publish(f"{self.c}executions/{command_id}/response/protobuf", payload)

    def id_of(self, place: int = 0) -> int:
        """The id of one of its CAN signals."""
        assert self.manifest is not None
        return int(self.manifest["can_signals"][place]["signal_id"])

    def actuator(self, path: str) -> dict[str, Any]:
        """One of its actuators: a custom decoding signal."""
        assert self.manifest is not None
        found = {one["custom_decoding_id"]: one for one in self.manifest["custom_decoding_signals"]}
        one: dict[str, Any] = found[path]
        return one

    def until(self, true: Callable[[], bool], what: str = "it") -> None:
        """Wait until messages and events have made something true."""
        with self._changed:
            assert self._changed.wait_for(true, WAIT), f"waited {WAIT:g} s for {what}"

    def got(self, tail: str) -> list[bytes]:
        """The payloads that came on topics with this end."""
        return [one.payload for one in self.received if one.topic.endswith(tail)]

    # what it does with what it is told

    def _take(self, packet: Any) -> None:
        got = Received(packet.topic, bytes(packet.payload or b""), int(packet.qos))
        with self._changed:
            self.received.append(got)
            if got.topic == f"{self.p}decoder_manifests":
                self._take_manifest(WIRE.decode("DecoderManifest", got.payload))
            elif got.topic == f"{self.p}collection_schemes":
                self._take_schemes(WIRE.decode("CollectionSchemes", got.payload))
            elif got.topic == f"{self.p}last_known_states/config":
                self._take_templates(WIRE.decode("StateTemplates", got.payload))
            elif got.topic.startswith(f"{self.c}executions/"):
                self._take_command(got)
            self._changed.notify_all()

    def _take_manifest(self, manifest: dict[str, Any]) -> None:
        if self.manifest and manifest["sync_id"] == self.manifest["sync_id"]:
            self.ignored.append(("decoder_manifests", "same sync id"))
            return
        self.manifest = manifest
        self.schemes, self.templates = {}, {}

    def _take_schemes(self, document: dict[str, Any]) -> None:
        held = self.manifest["sync_id"] if self.manifest else ""
        self.schemes = {}
        for scheme in document["collection_schemes"]:
            if scheme["decoder_manifest_sync_id"] == held:
                self.schemes[scheme["campaign_sync_id"]] = scheme
            else:
                self.ignored.append(("collection_schemes", "another manifest"))

    def _take_templates(self, document: dict[str, Any]) -> None:
        held = self.manifest["sync_id"] if self.manifest else ""
        if document.get("version", 0) < self.version:
            self.ignored.append(("last_known_states/config", "older version"))
        elif document["decoder_manifest_sync_id"] != held:
            self.ignored.append(("last_known_states/config", "another manifest"))
        else:
            self.version = document.get("version", 0)
            for gone in document["state_template_sync_ids_to_remove"]:
                self.templates.pop(gone, None)
            for template in document["state_templates_to_add"]:
                self.templates[template["sync_id"]] = template

    def _take_command(self, got: Received) -> None:
        if not got.topic.endswith("/request/protobuf"):
            self.acknowledged.append(got)
            return
        request = WIRE.decode("CommandRequest", got.payload)
        self.commands.append(request)
        if answer := self.answer(request):
            threading.Thread(target=self.respond, args=(request["command_id"], *answer), daemon=True).start()

    def answer(self, request: dict[str, Any]) -> tuple[int, int, str] | None:
        """As the C++ agent would: expired and foreign ones are not carried out."""
        timeout = request.get("timeout_ms", 0)
        if timeout and request.get("issued_timestamp_ms", now_ms()) + timeout <= now_ms():
            return m.EXECUTION_TIMEOUT, 0x12, ""
        asked = request.get("actuator")
        held = self.manifest["sync_id"] if self.manifest else ""
        if asked is not None and asked.get("decoder_manifest_sync_id", "") != held:
            return m.EXECUTION_FAILED, 2, f"{asked.get('decoder_manifest_sync_id', '')} vs {held}"
        return self.obey(request)

    def _note(self, kind: str, data: Any) -> None:
        with self._changed:
            self._events[kind].append(data)
            self._changed.notify_all()

    def _tls(self, alpn: str | None) -> Any:
        read, folder = self._mqtt, self.config.parent

        def pem(key: str) -> bytes:
            if f"{key}Filename" in read:
                return bytes((folder / read[f"{key}Filename"]).read_bytes())
            return str(read[key]).encode()

        options = io.TlsContextOptions.create_client_with_mtls(pem("certificate"), pem("privateKey"))
        options.override_default_trust_store(pem("rootCA"))
        if alpn:
            options.alpn_list = [alpn]
        return io.ClientTlsContext(options)


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def compress(data: bytes) -> bytes:
    """A raw Snappy block, as the edge agent makes it."""
    return bytes(cramjam.snappy.compress_raw(data))
