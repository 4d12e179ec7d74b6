"""The gateway's own certificate: made once, private, renewed in time, the operator's own left alone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from kaido.errors import InvalidInputError
from kaido.gateway import certificates
from tests.gateway.rig import Rig, self_made

if TYPE_CHECKING:
    from pathlib import Path


def names(paths: certificates.Paths) -> set[str]:
    certificate = x509.load_pem_x509_certificate(paths.certificate.read_bytes())
    found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(each.value) for each in found}


def test_it_is_made_once_and_private(tmp_path: Path) -> None:
    settings = Rig(tmp_path).settings
    paths = certificates.ensure(settings)
    before = [file.read_bytes() for file in (paths.ca, paths.certificate, paths.key)]
    assert certificates.ensure(settings) == paths
    assert [file.read_bytes() for file in (paths.ca, paths.certificate, paths.key)] == before
    folder = tmp_path / "secrets" / "gateway"
    assert paths.ca == folder / "ca.pem"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert [(folder / name).stat().st_mode & 0o777 for name in ("ca.key", "server.key")] == [0o600, 0o600]
    assert {"localhost", "127.0.0.1", "::1"} <= names(paths)


def test_it_is_made_anew_for_further_names_by_the_same_authority(tmp_path: Path) -> None:
    settings = Rig(tmp_path).settings
    before = certificates.ensure(settings).ca.read_bytes()
    paths = certificates.ensure(settings, ["cars.example.com", "192.0.2.7", " "])
    assert {"cars.example.com", "192.0.2.7"} <= names(paths)
    assert paths.ca.read_bytes() == before


def test_it_is_renewed_before_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Rig(tmp_path).settings
    monkeypatch.setattr(certificates, "SERVER_LIFE", timedelta(days=59))
    before = certificates.ensure(settings).certificate.read_bytes()
    monkeypatch.undo()
    assert certificates.ensure(settings).certificate.read_bytes() != before


def test_the_operator_s_own_is_left_alone(tmp_path: Path) -> None:
    settings = Rig(tmp_path / "data").settings
    authority, key, ca = self_made(tmp_path, "our PKI", authority=True)
    *_, server = self_made(tmp_path, "gateway", issuer=(authority, key))
    folder = tmp_path / "data" / "secrets" / "gateway"
    folder.mkdir(parents=True)
    (folder / "ca.pem").write_bytes(ca.certificate.read_bytes())
    with pytest.raises(InvalidInputError, match=r"server\.pem is missing"):
        certificates.ensure(settings)
    (folder / "server.pem").write_bytes(server.certificate.read_bytes())
    (folder / "server.key").write_bytes(server.key.read_bytes())
    paths = certificates.ensure(settings)
    assert paths.certificate.read_bytes() == server.certificate.read_bytes()


@pytest.mark.parametrize("name", ["ca.pem", "server.pem"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str) -> None:
    settings = Rig(tmp_path).settings
    file = certificates.ensure(settings).ca.with_name(name)
    file.write_text("damaged")
    with pytest.raises(InvalidInputError, match=name):
        certificates.ensure(settings)


async def test_a_renewed_certificate_is_shown_to_those_who_connect_then(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with await rig.vehicle() as car:
        first = car.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        monkeypatch.setattr(certificates, "RENEW_BEFORE", timedelta(days=1_000))
        await rig.gateway.gatekeeper._renew()
        async with await rig.client() as later:
            assert later.writer.get_extra_info("ssl_object").getpeercert(binary_form=True) != first
            assert (await later.connect("car-1")).reason_code == 0
