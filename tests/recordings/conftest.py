"""A manifest, a long log that it decodes, and an empty lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from kaido.catalog import CanSignal, DecoderManifest
from kaido.lake import Lake

if TYPE_CHECKING:
    from pathlib import Path

FRAMES = 450_000


@pytest.fixture(scope="session")
def manifest() -> DecoderManifest:
    return DecoderManifest.of(
        "car",
        [
            CanSignal("Vehicle.Speed", message_id=0x100, start_bit_lsb=0, length=16, factor=0.01, unit="km/h"),
            CanSignal("Vehicle.Odometer", message_id=0x100, start_bit_lsb=16, length=32),
            CanSignal("Vehicle.Cabin.Temperature", message_id=0x18FEF100, extended=True, start_bit_lsb=0, length=8),
        ],
    )


@pytest.fixture(scope="session")
def long_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three chunks; each third frame is of an unknown identifier, and two lines are damaged."""
    lines = []
    for index in range(FRAMES):
        moment = f"({1_700_000_000 + index // 1000}.{index % 1000:03}000)"
        if index % 3 == 2:
            lines.append(f"{moment} can0 7FF#00")
        else:
            name = "100" if index % 3 else "18FEF100"
            lines.append(f"{moment} can0 {name}#{index.to_bytes(8, 'little').hex()}")
    lines[1000:1000] = ["(1700000001.0) can0 100#0", "what is this"]
    path = tmp_path_factory.mktemp("logs") / "long.log"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake", "acme")
