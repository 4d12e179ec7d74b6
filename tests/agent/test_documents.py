from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kaido.agent.documents import Documents
from kaido.agent.scheme import TimeBasedScheme
from kaido.catalog.can_signal import CanSignal
from kaido.catalog.manifest import DecoderManifest
from kaido.flow import DownKind
from kaido.runtime.status import Report
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST = DecoderManifest.of("m", [CanSignal("Vehicle.Speed", 0x100, 0, 16)])
OTHER = DecoderManifest.of("m", [CanSignal("Vehicle.Speed", 0x100, 0, 8)])
SCHEMES = DownKind.COLLECTION_SCHEMES


@pytest.fixture
def documents(tmp_path: Path) -> Documents:
    return Documents(tmp_path, Report("agent"))


def manifest(one: DecoderManifest = MANIFEST) -> bytes:
    return one.to_wire().SerializeToString()


def scheme(name: str, **changes: Any) -> pb.CollectionScheme:
    fields: dict[str, Any] = {
        "campaign_sync_id": name,
        "decoder_manifest_sync_id": MANIFEST.sync_id,
        "start_time_ms_epoch": 100,
        "expiry_time_ms_epoch": 200,
        "time_based": pb.TimeBasedCollectionScheme(period_ms=1000),
        **changes,
    }
    return pb.CollectionScheme(**{key: value for key, value in fields.items() if value is not None})


def schemes(*wanted: pb.CollectionScheme) -> bytes:
    return pb.CollectionSchemes(collection_schemes=wanted).SerializeToString()


def test_what_is_held_is_listed_until_it_expires(documents: Documents) -> None:
    assert documents.held.sync_ids(0) == []
    assert documents.take(DownKind.DECODER_MANIFEST, manifest())
    assert documents.take(SCHEMES, schemes(scheme("a"), scheme("b", expiry_time_ms_epoch=300)))
    assert documents.held.sync_ids(0) == [MANIFEST.sync_id, "a", "b"]
    assert documents.held.sync_ids(250) == [MANIFEST.sync_id, "b"]


def test_it_is_there_after_a_restart(documents: Documents, tmp_path: Path) -> None:
    documents.take(SCHEMES, schemes(scheme("a")))
    documents.take(DownKind.DECODER_MANIFEST, manifest())
    again = Documents(tmp_path, Report("agent"))
    again.load()
    assert again.held == documents.held
    assert again.held.sync_ids(150) == [MANIFEST.sync_id, "a"]


def test_an_unchanged_sync_id_is_ignored(documents: Documents) -> None:
    documents.take(DownKind.DECODER_MANIFEST, manifest())
    forged = OTHER.to_wire()
    forged.sync_id = MANIFEST.sync_id
    assert not documents.take(DownKind.DECODER_MANIFEST, forged.SerializeToString())
    assert documents.held.manifest is not None
    assert documents.held.manifest.signals[0].length == 16
    documents.take(SCHEMES, schemes(scheme("a")))
    faster = scheme("a", time_based=pb.TimeBasedCollectionScheme(period_ms=1))
    assert not documents.take(SCHEMES, schemes(faster))
    held = documents.held.schemes["a"]
    assert isinstance(held, TimeBasedScheme)
    assert held.period_ms == 1000


def test_schemes_are_replaced_as_a_whole(documents: Documents) -> None:
    documents.take(DownKind.DECODER_MANIFEST, manifest())
    documents.take(SCHEMES, schemes(scheme("a"), scheme("b")))
    documents.take(SCHEMES, schemes(scheme("b"), scheme("c")))
    assert list(documents.held.schemes) == ["b", "c"]
    assert documents.take(SCHEMES, b"")
    assert not documents.held.schemes


def test_schemes_of_another_manifest_wait_for_it(documents: Documents) -> None:
    documents.take(DownKind.DECODER_MANIFEST, manifest())
    documents.take(SCHEMES, schemes(scheme("a", decoder_manifest_sync_id=OTHER.sync_id)))
    assert documents.held.sync_ids(150) == [MANIFEST.sync_id]
    documents.take(DownKind.DECODER_MANIFEST, manifest(OTHER))
    assert documents.held.sync_ids(150) == [OTHER.sync_id, "a"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"decoder_manifest_sync_id": "x@1"}, "manifest"),
        ({"time_based": None}, "unsupported"),
        ({"time_based": None, "condition_based": pb.ConditionBasedCollectionScheme()}, "condition"),
        ({"time_based": pb.TimeBasedCollectionScheme()}, "invalid"),
        ({"campaign_sync_id": ""}, "invalid"),
        ({"campaign_sync_id": "x" * 1000}, "invalid"),
        ({"expiry_time_ms_epoch": 100}, "invalid"),
    ],
)
def test_a_scheme_that_cannot_run_is_skipped_and_counted(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    report = Report("agent")
    documents = Documents(tmp_path, report)
    documents.take(DownKind.DECODER_MANIFEST, manifest())
    documents.take(SCHEMES, schemes(scheme("good"), scheme("bad", **changes)))
    assert list(documents.held.schemes) == ["good"]
    assert report.counters[f'schemes_skipped_total{{reason="{reason}"}}'] >= 1


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff" * 20,
        b"",
        pb.DecoderManifest(sync_id="x", can_signals=[pb.CANSignal(length=0)]).SerializeToString(),
        pb.DecoderManifest(
            sync_id="x", can_signals=[pb.CANSignal(length=8), pb.CANSignal(length=8)]
        ).SerializeToString(),
        pb.DecoderManifest(sync_id="x", can_signals=[pb.CANSignal(length=8, start_bit=2**32 - 1)]).SerializeToString(),
        pb.DecoderManifest(sync_id="x", can_signals=[pb.CANSignal(length=8, factor=float("nan"))]).SerializeToString(),
    ],
)
def test_a_manifest_that_makes_no_sense_changes_nothing(documents: Documents, payload: bytes) -> None:
    documents.take(DownKind.DECODER_MANIFEST, manifest())
    assert not documents.take(DownKind.DECODER_MANIFEST, payload)
    assert documents.held.manifest == MANIFEST or documents.held.manifest is not None
    assert documents.held.sync_ids(0) == [MANIFEST.sync_id]


def test_a_kept_file_that_is_damaged_is_ignored(tmp_path: Path) -> None:
    (tmp_path / "manifest.pb").write_bytes(b"\xff" * 9)
    (tmp_path / "schemes.pb").mkdir()
    documents = Documents(tmp_path, Report("agent"))
    documents.load()
    assert documents.held.manifest is None


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(list(DownKind)), payload=st.binary(max_size=200), data=st.data())
def test_any_bytes_are_taken_or_ignored(tmp_path: Path, kind: DownKind, payload: bytes, data: st.DataObject) -> None:
    """Random bytes, and documents with a few bytes changed."""
    report = Report("agent")
    documents = Documents(tmp_path, report)
    documents.take(DownKind.DECODER_MANIFEST, manifest())
    good = data.draw(st.sampled_from([manifest(OTHER), schemes(scheme("a"), scheme("b")), payload]))
    damaged = bytearray(good)
    for place in data.draw(st.lists(st.integers(0, max(0, len(good) - 1)), max_size=4)):
        if place < len(damaged):
            damaged[place] = data.draw(st.integers(0, 255))
    documents.take(kind, bytes(damaged))
    assert documents.held.manifest is not None
    assert sum(value for name, value in report.counters.items() if name.startswith("documents_total")) == 2


TEMPLATES = DownKind.STATE_TEMPLATES


def templates(version: int, *add: str, remove: tuple[str, ...] = (), manifest: str = MANIFEST.sync_id) -> bytes:
    message = pb.StateTemplates(
        decoder_manifest_sync_id=manifest, version=version, state_template_sync_ids_to_remove=remove
    )
    for name in add:
        message.state_templates_to_add.add(sync_id=name, signal_ids=[1]).on_change.SetInParent()
    return message.SerializeToString()


def test_state_templates_are_differences_that_outlive_a_restart(documents: Documents, tmp_path: Path) -> None:
    documents.take(DownKind.DECODER_MANIFEST, manifest())
    assert documents.take(TEMPLATES, templates(5, "a", "b"))
    assert documents.take(TEMPLATES, templates(6, "c", remove=("a",)))
    assert not documents.take(TEMPLATES, templates(6, "d"))
    assert not documents.take(TEMPLATES, templates(5, "d"))
    again = Documents(tmp_path, Report("agent"))
    again.load()
    for one in (documents, again):
        assert one.held.sync_ids(0) == [MANIFEST.sync_id, "b", "c"]
        assert one.held.types == {1: pb.UINT16}
    assert not again.take(TEMPLATES, templates(6, "d"))


def test_another_manifest_drops_state_templates_but_not_their_version(documents: Documents, tmp_path: Path) -> None:
    documents.take(DownKind.DECODER_MANIFEST, manifest())
    documents.take(TEMPLATES, templates(5, "a"))
    assert not documents.take(TEMPLATES, templates(6, "b", manifest=OTHER.sync_id))
    documents.take(DownKind.DECODER_MANIFEST, manifest(OTHER))
    again = Documents(tmp_path, Report("agent"))
    again.load()
    for one in (documents, again):
        assert one.held.sync_ids(0) == [OTHER.sync_id]
        assert not one.take(TEMPLATES, templates(5, "b", manifest=OTHER.sync_id))
    assert documents.take(TEMPLATES, templates(6, "b", manifest=OTHER.sync_id))
    assert documents.held.sync_ids(0) == [OTHER.sync_id, "b"]


@pytest.mark.parametrize("content", [b"", b"\xff\xff", b"{}"])
def test_damaged_state_templates_are_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.pb").write_bytes(manifest())
    (tmp_path / "templates.pb").write_bytes(content)
    documents = Documents(tmp_path, Report("agent"))
    documents.load()
    assert documents.held.sync_ids(0) == [MANIFEST.sync_id]


def test_state_templates_that_cannot_be_read_change_nothing(documents: Documents) -> None:
    documents.take(DownKind.DECODER_MANIFEST, manifest())
    documents.take(TEMPLATES, templates(5, "a"))
    assert not documents.take(TEMPLATES, b"\xff\xff")
    assert documents.held.sync_ids(0) == [MANIFEST.sync_id, "a"]
