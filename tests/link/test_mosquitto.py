"""The gateway as ``mosquitto_pub`` and ``mosquitto_sub`` see it: what people type first."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from kaido.flow import DownKind, UpKind
from kaido.wire.topics import FLEETWISE, KAIDO, Prefixes
from tests.gateway.rig import until

if TYPE_CHECKING:
    from tests.gateway.rig import Rig

pytestmark = pytest.mark.skipif(
    shutil.which("mosquitto_pub") is None or shutil.which("mosquitto_sub") is None,
    reason="mosquitto_pub and mosquitto_sub are not here: apt-get install mosquitto-clients",
)

WAIT = 60.0
TOPIC = KAIDO.up("car-1", UpKind.SIGNALS)


def arguments(rig: Rig, *more: str, client_id: str = "car-1", certificate: bool = True) -> list[str]:
    made = rig.credentials()
    proof = ["--cert", str(made.certificate), "--key", str(made.key)] if certificate else []
    where = ["-h", "localhost", "-p", str(rig.gateway.port), "--cafile", str(rig.trust)]
    return [*where, *proof, "-i", client_id, *(() if "-V" in more else ("-V", "5")), *more]


async def start(command: str, options: list[str]) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(command, *options, stdout=pipe, stderr=asyncio.subprocess.STDOUT)


async def run(command: str, options: list[str]) -> tuple[int, str]:
    process = await start(command, options)
    said, _ = await asyncio.wait_for(process.communicate(), WAIT)
    return process.returncode or 0, said.decode()


async def subscriber(rig: Rig, *more: str) -> asyncio.subprocess.Process:
    process = await start("mosquitto_sub", arguments(rig, *more))
    await until(lambda: (session := rig.gateway.sessions.get("acme", "car-1")) and session.subscriptions)
    return process


async def killed(process: asyncio.subprocess.Process, number: int = signal.SIGKILL) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(number)
    await asyncio.wait_for(process.communicate(), WAIT)


@pytest.mark.parametrize("spelling", [FLEETWISE, KAIDO], ids=["aws", "kaido"])
@pytest.mark.parametrize("qos", ["0", "1"])
async def test_publish(rig: Rig, spelling: Prefixes, qos: str) -> None:
    topic = spelling.up("car-1", UpKind.SIGNALS)
    assert await run("mosquitto_pub", arguments(rig, "-q", qos, "-t", topic, "-m", "hello")) == (0, "")
    await until(lambda: rig.gateway.lanes.journaled == 1)
    assert [row["payload"] for row in await rig.journaled()] == [b"hello"]


@pytest.mark.parametrize("spelling", [FLEETWISE, KAIDO], ids=["aws", "kaido"])
async def test_subscribe(rig: Rig, spelling: Prefixes) -> None:
    topic = spelling.subscriptions("car-1")[-1]
    process = await subscriber(rig, "-q", "1", "-t", topic, "-C", "1", "-F", "%t %q %p")
    await rig.down("car-1", DownKind.COMMAND_REQUEST, b"flash", id="c1")
    said, _ = await asyncio.wait_for(process.communicate(), WAIT)
    assert said.decode().strip() == f"{spelling.down('car-1', DownKind.COMMAND_REQUEST, 'c1')} 1 flash"


async def test_a_session_is_resumed(rig: Rig) -> None:
    options = ("-q", "1", "-t", KAIDO.subscriptions("car-1")[-1], "-c", "-x", "60", "-F", "%p")
    await killed(await subscriber(rig, *options))
    session = rig.gateway.sessions.get("acme", "car-1")
    assert session is not None
    await until(lambda: session.connection is None)
    await rig.down("car-1", DownKind.COMMAND_REQUEST, b"while away", id="c1")
    await until(lambda: session.waiting == 1)
    code, said = await run("mosquitto_sub", arguments(rig, *options, "-C", "1"))
    assert (code, said.strip()) == (0, "while away")


async def test_a_will_is_kept_unless_it_says_good_bye(rig: Rig) -> None:
    will = ("--will-topic", TOPIC, "--will-payload", "lost", "--will-qos", "1", "-t", "kaido/v/car-1/#")
    assert (await run("mosquitto_sub", arguments(rig, *will, "-E")))[0] == 0
    await until(lambda: not len(rig.gateway.sessions))
    assert rig.gateway.lanes.journaled == 0
    # Ended by a signal it says "disconnect with will" (0x04); killed, it says nothing.
    for number, end in enumerate((signal.SIGTERM, signal.SIGKILL), 1):
        await killed(await subscriber(rig, *will), end)
        await until(lambda number=number: rig.gateway.lanes.journaled == number)  # type: ignore[misc]  # a default
        await until(lambda: not len(rig.gateway.sessions))
    assert [row["payload"] for row in await rig.journaled()] == [b"lost", b"lost"]


async def test_a_second_one_takes_over(rig: Rig) -> None:
    first = await subscriber(rig, "-t", "kaido/v/car-1/#", "-d")
    assert first.stdout is not None
    assert (await run("mosquitto_pub", arguments(rig, "-q", "1", "-t", TOPIC, "-m", "hello")))[0] == 0
    said = b""
    async with asyncio.timeout(WAIT):
        while b"DISCONNECT (142)" not in said:
            said += await first.stdout.read(4096)
    await killed(first)


async def test_one_that_hangs_is_ended_by_its_keep_alive(rig: Rig) -> None:
    process = await subscriber(rig, "-t", "kaido/v/car-1/#", "-k", "5")
    process.send_signal(signal.SIGSTOP)
    await until(lambda: rig.counters['ended_total{reason="keep_alive"}'] == 1)
    process.send_signal(signal.SIGCONT)
    await killed(process)


REFUSED = {
    "another client id": (("-t", TOPIC, "-m", "x"), {"client_id": "car-2"}, "Client Identifier not valid"),
    "another's will": (("-t", TOPIC, "-m", "x", "--will-topic", "kaido/v/car-2/x"), {}, "Not authorized"),
    "MQTT 3.1.1": (("-t", TOPIC, "-m", "x", "-V", "311"), {}, "Connection error"),
    "another's topic": (("-t", "kaido/v/car-2/signals", "-m", "x", "-q", "1", "-d"), {}, "DISCONNECT (135)"),
    "QoS 2": (("-t", TOPIC, "-m", "x", "-q", "2"), {}, "not supported"),
    "no certificate": (("-t", TOPIC, "-m", "x"), {"certificate": False}, "rror"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused(rig: Rig, name: str) -> None:
    more, how, said = REFUSED[name]
    process = await start("mosquitto_pub", arguments(rig, *more, **how))  # type: ignore[arg-type]  # of either type
    out = b""
    try:
        async with asyncio.timeout(WAIT):
            while said.encode() not in out and (piece := await process.stdout.read(4096)):  # type: ignore[union-attr]
                out += piece
    finally:
        if process.returncode is None:
            process.kill()  # it would try again for ever
        await process.communicate()
    assert said in out.decode()
    assert await rig.journaled() == []


async def test_what_is_not_retained_here_is_sent_without_its_flag(rig: Rig) -> None:
    """It reads the CONNACK, and drops ``-r`` itself."""
    assert (await run("mosquitto_pub", arguments(rig, "-q", "1", "-t", TOPIC, "-m", "x", "-r")))[0] == 0
    assert rig.refused("retain") == 0


async def test_another_s_topics_are_not_subscribed(rig: Rig) -> None:
    process = await start("mosquitto_sub", arguments(rig, "-d", "-t", "kaido/v/car-2/#", "-W", "30"))
    said, _ = await asyncio.wait_for(process.communicate(), WAIT)
    assert "Subscribed (mid: 1): 135" in said.decode() or "denied" in said.decode()
    assert rig.refused("foreign_filter") == 1
