"""What an uploaded file is called, by who sent it, leads nowhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from kaido.catalog import CanSignal, DecoderManifest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.conftest import World

LOG = b"(1436509052.249713) can0 123#1122334455667788\n"
NAMES = ["../../../evil", "/etc/passwd", "..", "a\0b", "a\nb\x1b[2J", "\u202egol.evird", "secrets/a/ca.key", "x" * 255]


def files(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if "lake" not in file.parts}


@pytest.mark.parametrize("name", NAMES)
async def test_a_name_that_is_a_path(world: World, name: str) -> None:
    """Of a recording and of a catalog: shown as it is, and no file is made by it."""
    await world.a.ask("POST", "/vehicles", json={"id": "car-1"}, status=201)
    signal = CanSignal(path="Vehicle.Speed", message_id=0x123, start_bit_lsb=0, length=8)
    world.services.catalog.save_manifest("a", DecoderManifest.of("leaf", [signal]))
    folder = world.services.settings.data
    before = files(folder)
    made = await world.a.ask("POST", "/imports", params={"vehicle": "car-1", "file": name}, content=LOG, status=202)
    async with asyncio.timeout(60):
        job: dict[str, str] = {}
        # The scratch file goes a moment after the job is done; neither has an event to wait for.
        while job.get("state") not in {"done", "failed"} or any((folder / "tmp").iterdir()):
            await asyncio.sleep(0.05)
            job = await world.a.ask("GET", f"/imports/{made['id']}")
    assert (job["state"], job["file"]) == ("done", name)
    response = await world.a.raw("POST", "/catalog/import", files={"file": (name.replace("\0", ""), b'{"Vehicle": 5}')})
    assert 400 <= response.status_code < 500
    assert files(folder) - before <= {"tmp"}
