"""Two gateways on one port, two ingests on two partitions: all report, and what any takes is kept."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Any

from kaido.client import Client
from tests.whole.platform_fixture import RunningPlatform

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = 10
EXTRA = {"KAIDO_GATEWAYS": "2", "KAIDO_INGESTS": "2", "KAIDO_PARTITIONS": "2"}


def running(platform: RunningPlatform, component: str) -> list[dict[str, Any]]:
    with Client(platform.record["api"], platform.record["token"]) as api:
        return [one for one in api.get("/v1/status")["processes"] if one["component"] == component]


def await_running(platform: RunningPlatform, component: str) -> None:
    deadline = time.monotonic() + 30
    while [one["state"] for one in running(platform, component)] != ["running", "running"]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def load(platform: RunningPlatform) -> int:
    """Load of forty vehicles for a moment; how many publishes were acknowledged."""
    options = ("--vehicles", "40", "--samples", str(SAMPLES), "--minutes", "0.03")
    done: int = platform.kaido("sim", "--load", *options)["acknowledged"]
    return done


def await_rows(platform: RunningPlatform, rows: int) -> None:
    deadline = time.monotonic() + 60
    while platform.sql("SELECT count(*) AS rows FROM signals")[0]["rows"] < rows:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_two_of_each_share_the_work(tmp_path: Path) -> None:
    with RunningPlatform(tmp_path, extra=EXTRA) as platform:
        platform.kaido("company", "create", "acme")
        for component in ("gateway", "ingest"):
            await_running(platform, component)
        await_rows(platform, load(platform) * SAMPLES)
        found = running(platform, "gateway")
        assert all(one["counters"]["acknowledged_total"] > 0 for one in found)
        assert all(one["counters"]['values_total{company="acme"}'] > 0 for one in running(platform, "ingest"))
        assert len(platform.kaido("fleet", "--limit", "100")) == 40
        assert platform.kaido("twin", "load-000007")
        os.kill(found[0]["pid"], signal.SIGKILL)
        load(platform)  # whoever is left takes it, or the one that is back
        await_running(platform, "gateway")
        assert (tmp_path / "data" / "logs" / "gateway-1.log").exists()
