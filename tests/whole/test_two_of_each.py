"""Two gateways on one port, two ingests on two partitions: all report, and what any takes is kept."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

from tests.whole.platform_fixture import RunningPlatform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SAMPLES = 10
EXTRA = {"KAIDO_GATEWAYS": "2", "KAIDO_INGESTS": "2", "KAIDO_PARTITIONS": "2"}


def running(platform: RunningPlatform, component: str) -> list[dict[str, Any]]:
    with platform.client() as api:
        return [one for one in api.get("/v1/status")["processes"] if one["component"] == component]


def await_all(
    platform: RunningPlatform, component: str, true: Callable[[dict[str, Any]], object]
) -> list[dict[str, Any]]:
    """Both of them, as soon as this is true of each."""
    deadline = time.monotonic() + 60
    while len(found := running(platform, component)) != 2 or not all(map(true, found)):
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    return found


def await_running(platform: RunningPlatform, component: str) -> None:
    await_all(platform, component, lambda one: one["state"] == "running")


def load(platform: RunningPlatform) -> int:
    """Load of forty vehicles for a moment; how many publishes were acknowledged."""
    options = ("--vehicles", "40", "--samples", str(SAMPLES), "--minutes", "0.03")
    done: int = platform.kaido("sim", "--load", *options)["acknowledged"]
    return done


def test_two_of_each_share_the_work(tmp_path: Path) -> None:
    with RunningPlatform(tmp_path, extra=EXTRA) as platform:
        platform.kaido("company", "create", "acme")
        for component in ("gateway", "ingest"):
            await_running(platform, component)
        platform.await_samples(load(platform) * SAMPLES)
        found = await_all(platform, "gateway", lambda one: one["counters"].get("acknowledged_total"))
        await_all(platform, "ingest", lambda one: one["counters"].get('values_total{company="acme"}'))
        assert len(platform.kaido("fleet", "--limit", "100")) == 40
        assert platform.kaido("twin", "load-000007")
        os.kill(found[0]["pid"], signal.SIGKILL)
        load(platform)  # whoever is left takes it, or the one that is back
        await_running(platform, "gateway")
        assert (tmp_path / "data" / "logs" / "gateway-1.log").exists()
