"""wire.md, "Behaviour", a row each (commands have a file of their own)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.protocol.cloud import CHARGING, DBC, MAPPING, POWER, SPEED, until
from tests.protocol.edge import Edge, now_ms
from tests.protocol.messages import WIRE

if TYPE_CHECKING:
    from tests.protocol.cloud import Cloud

QUIET_S = 1.5
"""How long a test listens for what must not come."""


def documents(edge: Edge) -> int:
    return len(edge.received)


def nothing_more(edge: Edge, before: int) -> None:
    time.sleep(QUIET_S)
    assert [one.topic for one in edge.received[before:]] == []


def test_checkins_begin_at_boot_with_an_empty_list_and_repeat(cloud: Cloud) -> None:
    """The first is answered with all; those that follow say what is held, and are answered with nothing."""
    cloud.campaign("boot", "boot")
    with cloud.edge("boot") as edge:
        edge.until(lambda: bool(edge.schemes), "documents")
        first = [one.topic.removeprefix(edge.p) for one in edge.received[:2]]
        assert first == ["decoder_manifests", "collection_schemes"]
        edge.checkin()
        before = documents(edge)
        for _ in range(3):
            edge.checkin()
        nothing_more(edge, before)


def test_only_what_is_missing_is_published(cloud: Cloud) -> None:
    with cloud.running("whole") as whole:
        manifest = whole.manifest
    cloud.campaign("missing", "missing")
    with Edge(cloud.vehicle("missing"), manifest=manifest) as edge:  # it has lost its schemes, but not its manifest
        edge.until(lambda: bool(edge.schemes), "the schemes")
        edge.checkin()
        assert {one.topic.removeprefix(edge.p) for one in edge.received} == {"collection_schemes"}


def test_idle_schemes_are_held_and_listed_too(cloud: Cloud) -> None:
    cloud.campaign("idle", "idle", start="2099-01-01T00:00:00Z")
    with cloud.edge("idle") as edge:
        edge.until(lambda: bool(edge.schemes), "a scheme that has not begun")
        edge.checkin()
        before = documents(edge)
        edge.checkin()
        nothing_more(edge, before)


def test_the_state_templates_that_are_held_are_listed(cloud: Cloud) -> None:
    with cloud.running("listed") as edge:
        edge.checkin()
        cloud.post("state-templates", {"name": "listed", "signals": [SPEED], "period": "1s", "targets": ["listed"]})
        edge.until(lambda: bool(edge.templates), "a state template")
        edge.checkin()
        before = documents(edge)
        edge.checkin()
        nothing_more(edge, before)


def test_collection_schemes_are_a_full_replacement(cloud: Cloud) -> None:
    with cloud.running("replaced") as edge:
        cloud.campaign("replaced-too", "replaced", signals=[CHARGING])
        edge.until(lambda: len(edge.schemes) == 2, "both schemes")
        edge.checkin()
        cloud.post("campaigns/replaced-too/stop", {})
        edge.until(lambda: len(edge.schemes) == 1, "one scheme")
        last = WIRE.decode("CollectionSchemes", edge.got("collection_schemes")[-1])
        assert [one["campaign_sync_id"].partition("@")[0] for one in last["collection_schemes"]] == ["replaced"]
        edge.checkin()
        cloud.post("campaigns/replaced/stop", {})
        edge.until(lambda: not edge.schemes, "no scheme")


def test_state_templates_are_a_versioned_difference_and_older_ones_are_ignored(cloud: Cloud) -> None:
    with cloud.running("versions") as edge:
        for name in ("first", "second"):
            wish = {"name": f"versions-{name}", "signals": [SPEED], "on_change": True, "targets": ["versions"]}
            cloud.post("state-templates", wish)
            edge.until(lambda name=name: any(name in one for one in edge.templates), name)  # type: ignore[misc]  # a default
            cloud.heard(edge, "versions")
        found = [WIRE.decode("StateTemplates", one) for one in edge.got("last_known_states/config")]
        assert [len(one["state_templates_to_add"]) for one in found[-2:]] == [1, 1]  # not what is held already
        assert found[-1]["version"] > found[-2]["version"] > 0
        held = dict(edge.templates)
        edge._take_templates(found[-2])  # it comes again, late
        assert edge.templates == held
        assert edge.ignored[-1] == ("last_known_states/config", "older version")


def test_a_manifest_whose_sync_id_is_unchanged_is_ignored_so_any_edit_has_a_new_one(cloud: Cloud) -> None:
    first = cloud.import_database(name="edited")
    assert cloud.import_database(name="edited") == first
    cloud.campaign("edited", "edited")
    with cloud.edge("edited", manifest="edited") as edge:
        edge.until(lambda: bool(edge.schemes), "documents")
        edge.checkin()
        second = cloud.import_database(DBC.replace("(0.01,0) [0|300]", "(0.02,0) [0|300]"), name="edited")
        assert second != first
        edge.until(lambda: edge.manifest is not None and edge.manifest["sync_id"] == second, "the new manifest")
        edge.until(lambda: bool(edge.schemes), "schemes of the new manifest")
        assert {one["decoder_manifest_sync_id"] for one in edge.schemes.values()} == {second}
        fewer = {key: value for key, value in MAPPING.items() if key != "actuators"}
        assert cloud.import_database(name="edited", mapping=fewer) not in {first, second}  # fewer actuators


def test_what_was_collected_under_the_old_manifest_is_still_read(cloud: Cloud) -> None:
    first = cloud.import_database(name="former")
    with cloud.edge("former", manifest="former") as edge:
        edge.until(lambda: edge.manifest is not None, "a manifest")
        number = edge.id_of()
        cloud.import_database(DBC.replace("[0|100]", "[0|101]"), name="former")
        edge.send([{"signal_id": number, "double_value": 5.0}], decoder_sync_id=first)
        assert cloud.rows("former", 1)[0]["value"] == 5.0


def test_schemes_and_templates_that_name_another_manifest_are_skipped_by_the_vehicle(cloud: Cloud) -> None:
    """It says so at its next checkin, and gets the manifest with what belongs to it."""
    with cloud.running("other") as other:
        right = other.manifest
    assert right is not None
    cloud.campaign("skips", "skips")
    with Edge(cloud.vehicle("skips"), manifest={**right, "sync_id": "other@1"}) as edge:
        edge.until(lambda: edge.manifest == right, "its own manifest")
        edge.until(lambda: bool(edge.schemes), "its scheme")
        (document,) = edge.got("collection_schemes")
        edge.manifest = {**right, "sync_id": "other@1"}
        edge._take_schemes(WIRE.decode("CollectionSchemes", document))
        assert edge.schemes == {}
        assert edge.ignored[-1] == ("collection_schemes", "another manifest")


def test_a_condition_campaign_keeps_a_ring_and_sends_it_with_what_arrives_after(cloud: Cloud) -> None:
    """The vehicle is told the ring's size and the time after; what it then sends keeps its times around the trigger."""
    cloud.campaign("ring", "ring", condition=f"{SPEED} > 100", signals=[SPEED], before=5, after="2s")
    with cloud.running("ring", campaign=False) as edge:
        edge.until(lambda: bool(edge.schemes), "a scheme")
        (scheme,) = edge.schemes.values()
        (signal,) = scheme["signal_information"]
        assert scheme["after_duration_ms"] == 2_000
        assert signal["sample_buffer_size"] >= 5
        at = [*range(-500, 0, 100), *range(0, 2_100, 100)]
        sent: list[dict[str, Any]] = [
            {"relative_time_ms": t, "signal_id": signal["signal_id"], "double_value": 100 + t / 100} for t in at
        ]
        moment = edge.send(sent)
        rows = cloud.rows("ring", len(at))
    assert [one["ms"] - moment for one in rows] == at
    assert len({one["event"] for one in rows}) == 1


def test_numeric_telemetry_is_double_and_last_known_state_is_typed(cloud: Cloud) -> None:
    """The same values either way, side by side."""
    with cloud.running("double-and-typed") as edge:
        moment = now_ms()
        edge.send([{"signal_id": edge.id_of(), "double_value": 7.0}], collection_event_time_ms_epoch=moment - 1_000)
        edge.send_state("any", [{"signal_id": edge.id_of(), "uint8": 7}], moment)
        rows = cloud.rows("double-and-typed", 2)
    assert [(one["value"], one["text"], one["signal"]) for one in rows] == [(7.0, None, SPEED)] * 2


def test_an_event_too_large_for_one_message_is_regrouped_by_its_id(cloud: Cloud) -> None:
    with cloud.running("split") as edge:
        moment = now_ms()
        for part in range(3):
            signals = [
                {"relative_time_ms": part * 100 + n, "signal_id": edge.id_of(), "double_value": float(n)}
                for n in range(100)
            ]
            edge.send(signals, collection_event_id=4_711, collection_event_time_ms_epoch=moment)
        cloud.rows("split", 300)
        query = "SELECT event, campaign, count(*) AS samples FROM signals WHERE vehicle = 'split' GROUP BY ALL"
        rows = cloud.post("sql", {"sql": query})
        assert rows == [{"event": 4_711, "campaign": next(iter(edge.schemes)), "samples": 300}]


def test_sent_twice_by_qos_1_it_counts_once(cloud: Cloud) -> None:
    with cloud.running("twice") as edge:
        moment = now_ms()
        for _ in range(3):
            one = [{"signal_id": edge.id_of(), "double_value": 1.0}]
            edge.send(one, collection_event_id=5, collection_event_time_ms_epoch=moment)
        edge.send([{"signal_id": edge.id_of(), "double_value": 2.0}])
        until(lambda: len(cloud.rows("twice", 2)) == 2, "two rows")


def test_a_can_start_bit_is_that_of_the_least_significant_bit(cloud: Cloud) -> None:
    """A frame is decoded by the manifest alone, bit by bit, and gives what went into it."""
    with cloud.running("bits") as edge:
        assert edge.manifest is not None
        by_start = {one["start_bit"]: one for one in edge.manifest["can_signals"] if one["message_id"] == 291}
        speed, power = by_start[8], by_start[16]
        frame = (12_345).to_bytes(2, "big") + (-5_000 & 0xFFFFF).to_bytes(3, "little") + bytes(3)
        assert raw(frame, speed) * speed["factor"] == 123.45
        assert raw(frame, power) * power["factor"] == -50_000
        signals = [
            {"signal_id": one["signal_id"], "double_value": raw(frame, one) * one["factor"]} for one in (speed, power)
        ]
        edge.send(signals)
        rows = cloud.rows("bits", 2)
    assert {one["signal"]: one["value"] for one in rows} == {SPEED: 123.45, POWER: -50_000.0}


def raw(frame: bytes, signal: dict[str, Any]) -> int:
    """The raw value of a signal: from its least significant bit on, to higher bits (and, big-endian, earlier bytes)."""
    byte, bit = divmod(signal["start_bit"], 8)
    value = 0
    for place in range(signal["length"]):
        value |= (frame[byte] >> bit & 1) << place
        bit += 1
        if bit == 8:
            byte, bit = byte + (-1 if signal.get("is_big_endian") else 1), 0
    signed = signal.get("is_signed") and value >> signal["length"] - 1
    return value - (1 << signal["length"]) if signed else value


def test_a_session_that_was_away_gets_what_changed_meanwhile(cloud: Cloud) -> None:
    with cloud.running("away") as edge:
        edge.close()
        cloud.post("campaigns/away/stop", {})
        again = Edge(edge.config, manifest=edge.manifest, schemes=edge.schemes)
        with again:
            again.until(lambda: not again.schemes, "no scheme")
