"""``kaido company``, ``vehicle`` and ``token`` on a bare folder."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from kaido.cli.main import kaido
from kaido.cli.token import parse_span
from kaido.errors import ConflictError, InvalidInputError, KaidoError, NotFoundError
from kaido.runtime import clock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.company.conftest import Issuer


@dataclass
class Shell:
    """A person at the command line, with a data folder."""

    folder: Path

    def run(self, *arguments: str, typed: str = "") -> str:
        """What a command that works says, on both channels."""
        result = CliRunner().invoke(
            kaido, ["--data", str(self.folder / "data"), *arguments], input=typed, catch_exceptions=True
        )
        if isinstance(result.exception, KaidoError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.output

    def ask(self, *arguments: str) -> Any:
        """The JSON that a command gives."""
        return json.loads(self.run(*arguments, "--json"))


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    for name in list(os.environ):
        if name.startswith("KAIDO_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return Shell(tmp_path)


@pytest.fixture
def acme(shell: Shell) -> Shell:
    shell.run("company", "create", "acme")
    return shell


def test_from_nothing_to_a_vehicle_that_can_connect(shell: Shell) -> None:
    assert "kaido vehicle register ID" in shell.run("company", "create", "acme")
    assert "kaido vehicle enrol car-1" in shell.run("vehicle", "register", "car-1", "--model", "leaf")
    assert "kaido agent" in shell.run("vehicle", "enrol", "car-1")
    files = {file.name: file for file in (shell.folder / "car-1").iterdir()}
    assert set(files) == {"key.pem", "certificate.pem", "gateway-ca.pem"}
    assert files["key.pem"].stat().st_mode & 0o777 == 0o600
    key = serialization.load_pem_private_key(files["key.pem"].read_bytes(), None)
    certificate = x509.load_pem_x509_certificate(files["certificate.pem"].read_bytes())
    assert key.public_key() == certificate.public_key()
    shown = shell.run("vehicle", "show", "car-1")
    assert f"{certificate.serial_number:x}" in shown
    assert [one["id"] for one in shell.ask("vehicle", "list")] == ["car-1"]
    assert shell.ask("company", "show", "acme")["enrols"] is True
    assert "BEGIN CERTIFICATE" in shell.run("company", "show", "acme")


def test_a_key_that_is_there_is_not_overwritten(acme: Shell) -> None:
    acme.run("vehicle", "register", "car-1")
    made = acme.ask("vehicle", "enrol", "car-1", "--out", "files")
    key = (acme.folder / "files" / "key.pem").read_bytes()
    with pytest.raises(ConflictError, match=r"key\.pem exists"):
        acme.run("vehicle", "enrol", "car-1", "--out", "files")
    assert (acme.folder / "files" / "key.pem").read_bytes() == key
    assert made["serial"] in acme.run("vehicle", "show", "car-1")


def test_a_vehicle_that_is_not_there_leaves_no_folder(acme: Shell) -> None:
    with pytest.raises(NotFoundError):
        acme.run("vehicle", "enrol", "car-9")
    assert not (acme.folder / "car-9").exists()


def test_what_a_person_mixes_up_is_said_in_words(acme: Shell) -> None:
    acme.run("vehicle", "register", "car-9")
    (acme.folder / "file").write_text("no request")
    with pytest.raises(KaidoError, match=r"a file has that name\. Choose another with --out"):
        acme.run("vehicle", "enrol", "car-9", "--out", str(acme.folder / "file"))
    out = str(acme.folder / "out")
    with pytest.raises(InvalidInputError, match="it holds no PEM block, and is no DER"):
        acme.run("vehicle", "enrol", "car-9", "--csr", str(acme.folder / "file"), "--out", out)
    with pytest.raises(InvalidInputError, match="file is no certificate: it is neither PEM nor DER"):
        acme.run("company", "create", "other", "--ca-certificate", str(acme.folder / "file"))


def test_a_signing_request_is_signed(acme: Shell) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    (acme.folder / "car.csr").write_bytes(request.public_bytes(serialization.Encoding.PEM))
    acme.run("vehicle", "register", "car-1")
    made = acme.ask("vehicle", "enrol", "car-1", "--csr", "car.csr", "--days", "400")
    assert made["key"] is None
    certificate = x509.load_pem_x509_certificate((acme.folder / "car-1" / "certificate.pem").read_bytes())
    assert certificate.public_key() == key.public_key()
    with pytest.raises(InvalidInputError, match="cannot be read"):
        acme.run("vehicle", "enrol", "car-1", "--csr", "no-such.csr")


def test_a_company_may_bring_its_authority_as_a_file(shell: Shell, issuer: Issuer) -> None:
    for name, content in (("pem", issuer.pem.encode()), ("der", issuer.der)):
        (shell.folder / f"ca.{name}").write_bytes(content)
    shell.run("company", "create", "acme", "--ca-certificate", "ca.der")
    assert shell.ask("company", "show", "acme")["ca_certificate"] == issuer.pem
    with pytest.raises(ConflictError, match="registered already"):
        shell.run("company", "create", "other", "--ca-certificate", "ca.pem")
    unfit = {"empty": b"", "large": b"x" * 200_000, "binary": b"\xff" * 99}
    for name, content in unfit.items():
        (shell.folder / name).write_bytes(content)
    for name in ("missing", *unfit):
        with pytest.raises(InvalidInputError):
            shell.run("company", "create", "other", "--ca-certificate", name)


def test_a_list_is_registered_or_its_line_is_named(acme: Shell) -> None:
    (acme.folder / "fleet.csv").write_text("id,market\ncar-1,JP\ncar-2,US\n")
    assert "2 vehicles" in acme.run("vehicle", "register", "--from", "fleet.csv")
    (acme.folder / "fleet.csv").write_text("id\ncar-3\ncar-1\n")
    with pytest.raises(ConflictError, match="line 3: there is a vehicle 'car-1'"):
        acme.run("vehicle", "register", "--from", "fleet.csv")
    assert [one["market"] for one in acme.ask("vehicle", "list")] == ["JP", "US"]
    assert len(acme.ask("vehicle", "list", "--limit", "1")) == 1
    with pytest.raises(InvalidInputError, match="cannot be read"):
        acme.run("vehicle", "register", "--from", "missing.csv")


def test_revoking_asks_first(acme: Shell) -> None:
    acme.run("vehicle", "register", "car-1")
    assert (
        CliRunner()
        .invoke(kaido, ["--data", str(acme.folder / "data"), "vehicle", "revoke", "car-1"], input="n\n")
        .exit_code
    )
    assert acme.ask("vehicle", "show", "car-1")["revoked"] is None
    acme.run("vehicle", "revoke", "car-1", typed="y\n")
    assert acme.ask("vehicle", "show", "car-1")["revoked"] is not None
    assert acme.ask("vehicle", "restore", "car-1")["revoked"] is None
    assert acme.ask("vehicle", "revoke", "car-1")["revoked"] is not None


def test_attributes_are_set_and_removed(acme: Shell) -> None:
    acme.run("vehicle", "register", "car-1", "--vin", "ZE1-012345", "--market", "JP")
    changed = acme.ask("vehicle", "set", "car-1", "--market", "", "--model", "leaf")
    assert (changed["vin"], changed["market"], changed["model"]) == ("ZE1-012345", None, "leaf")


def test_tokens_are_made_listed_and_ended(acme: Shell) -> None:
    made = acme.ask("token", "create", "dashboard", "--scope", "read", "--scope", "write", "--expires", "30d")
    assert (made["company"], made["scopes"]) == ("acme", ["read", "write"])
    assert acme.run("token", "create", "ops", "--scope", "admin", "--platform").splitlines()[-1].startswith("kaido_")
    listed = acme.ask("token", "list")
    assert [one["name"] for one in listed] == ["dashboard"]
    assert made["secret"] not in json.dumps(listed)
    assert acme.ask("token", "revoke", "dashboard")["name"] == "dashboard"
    assert acme.ask("token", "list") == []
    assert [one["name"] for one in acme.ask("token", "list", "--platform")] == ["ops"]


@pytest.mark.parametrize(("text", "hours"), [("12h", 12), ("30d", 720), ("2w", 336), ("1y", 8760)])
def test_spans_of_time(text: str, hours: int) -> None:
    assert abs((parse_span(text) - clock.now()).total_seconds() - hours * 3600) < 5


@pytest.mark.parametrize("text", ["", "d", "0d", "-1d", "1.5d", "30", "30 d", "99999y", "1m"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_span(text)
