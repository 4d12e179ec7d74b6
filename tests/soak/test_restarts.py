"""Parts that are told to end, a platform that is killed as a whole, another number of partitions: all under load."""

from __future__ import annotations

import os
import signal
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.soak.loaded import Loaded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kaido.soak.site import Site

ENDS_WITHIN = 30.0

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Loaded]:
    """The platform under load; at the end of all tests it is counted."""
    async with Loaded(tmp_path_factory.mktemp("platform")) as running:
        yield running
        await running.count()


def is_gone(site: Site, part: str, pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists() or site.pid(part) not in {pid, None}


async def test_each_part_ends_when_it_is_told_to_and_loses_nothing(loaded: Loaded) -> None:
    site = loaded.site
    for part in ("gateway", "ingest", "control", "api", "nats"):
        pid = await loaded.until(partial(site.pid, part))
        os.kill(pid, signal.SIGTERM)
        await loaded.until(partial(is_gone, site, part, pid), ENDS_WITHIN)
        await loaded.until(partial(site.pid, part))
        await loaded.more()
    ended = [line for line in (loaded.folder / "up.log").read_text().splitlines() if "ended, starting it again" in line]
    assert sorted(line.split("process=")[1].split()[0] for line in ended) == ["api", "control", "gateway", "ingest"]
    assert all("code=0" in line for line in ended), ended


async def test_a_platform_killed_as_a_whole_goes_on_where_it_was(loaded: Loaded) -> None:
    for _ in range(2):
        os.kill(loaded.site.record["pid"], signal.SIGKILL)
        await loaded.start_again()
        await loaded.more()


async def test_another_number_of_partitions(loaded: Loaded) -> None:
    for partitions in ("2", "1"):
        loaded.site.signal("ingest", signal.SIGSTOP)  # so that something is left in the old streams
        await loaded.more()
        loaded.site.signal("ingest", signal.SIGKILL)
        os.kill(loaded.site.record["pid"], signal.SIGKILL)
        await loaded.start_again({"KAIDO_PARTITIONS": partitions})
        await loaded.more()
    (ingest,) = [one for one in loaded.status()["processes"] if one["component"] == "ingest"]
    read = {name for name in ingest["gauges"] if name.startswith("stream_lag_messages")}
    assert read == {
        f'stream_lag_messages{{company="{company}",partition="{partition}"}}'
        for company in ("east", "west")
        for partition in (0, 1)
    }
