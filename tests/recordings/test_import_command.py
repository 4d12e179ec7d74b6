"""``kaido import`` on a bare folder, as a person types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from kaido.cli.main import kaido as program
from kaido.errors import NotFoundError
from kaido.recordings import NotARecordingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from click.testing import Result

    Kaido = Callable[..., Result]

CORPUS = Path(__file__).parent / "corpus"
DBC = """VERSION ""

NS_ :

BS_:

BU_: A

BO_ 291 M: 8 A
 SG_ Speed : 0|8@1+ (1,0) [0|255] "km/h" A
"""


@pytest.fixture
def kaido(tmp_path: Path) -> Kaido:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(program, ["--data", str(tmp_path / "data"), *arguments])

    (tmp_path / "car.dbc").write_text(DBC)
    assert run("company", "create", "acme").exit_code == 0
    assert run("vehicle", "register", "car-1").exit_code == 0
    return run


def test_import(kaido: Kaido, tmp_path: Path) -> None:
    log, dbc = str(CORPUS / "candump_mixed.log"), str(tmp_path / "car.dbc")
    first = kaido("import", log, "--dbc", dbc, "--vehicle", "car-1")
    assert first.exit_code == 0, first.exception
    assert "10 frames (candump)" in first.stderr
    assert "9 damaged lines" in first.stderr
    assert "line 9: the data ends in half a byte" in first.stderr

    again = kaido("import", log, str(CORPUS / "gzipped.log.gz"), "--vehicle", "car-1", "--json")
    results = json.loads(again.stdout)
    assert [result["kind"] for result in results] == ["candump", "candump"]
    assert results[0]["already_imported"]
    assert results[1]["samples_written"] == 3

    listed = json.loads(kaido("import", "--list", "--json").stdout)
    assert [job["state"] for job in listed] == ["done"] * 3


def test_refusals(kaido: Kaido, tmp_path: Path) -> None:
    log = str(CORPUS / "candump_mixed.log")
    unknown = kaido("import", log, "--vehicle", "car-2", "--dbc", str(tmp_path / "car.dbc")).exception
    assert isinstance(unknown, NotFoundError)
    assert "car-1" in str(unknown)
    assert "kaido vehicle register car-2" in str(unknown)

    image = kaido("import", str(CORPUS / "refused_jpeg.jpg"), "--vehicle", "car-1").exception
    assert isinstance(image, NotARecordingError)
    assert image.exit_code == 4
    assert "candump-screen" in str(image)

    missing = kaido("import", str(tmp_path / "nix.log"), "--vehicle", "car-1").exception
    assert isinstance(missing, NotFoundError)
    assert "nix.log is not there" in str(missing)

    for start in ("yesterday", "2024-05-01T12:00"):
        untimed = kaido("import", log, "--vehicle", "car-1", "--start", start).exception
        assert "no time with its zone" in str(untimed)
    both = kaido("import", log, str(CORPUS / "refused_sqlite_header.db"), "--vehicle", "car-1", "--json")
    assert [one["problem"]["error"] for one in json.loads(both.stdout)] == ["not_found", "not_found"]
    assert both.stderr == "", "a program gets data, and the error of the last resort as JSON"

    assert kaido("import", log).exit_code == 2, "no vehicle"
