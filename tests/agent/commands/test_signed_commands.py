"""With the company's key, a vehicle does what the company signed, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kaido.agent import Agent, MemorySource
from kaido.errors import InvalidInputError
from kaido.wire import signing
from tests.agent.commands.conftest import Response, Site, request

KEY = Ed25519PrivateKey.generate()
DENIED = (Response.EXECUTION_FAILED, 11)


@pytest.fixture
async def careful(resting: Site) -> Site:
    """A site whose vehicle has the key."""
    file = resting.config.state.parent / "command-key.pem"
    file.write_text(signing.pem_of(KEY.public_key()))
    resting.config = replace(resting.config, command_key=file)
    await resting.start()
    return resting


def signature(payload: bytes, command_id: str = "c1", vehicle: str = "car-1", key: Ed25519PrivateKey = KEY) -> bytes:
    return signing.sign(key, vehicle, command_id, payload)


async def test_what_the_company_signed_is_carried_out(careful: Site) -> None:
    payload = request()
    careful.sign(signature(payload))
    assert await careful.ask(payload) == (Response.SUCCEEDED, 0)
    careful.send(payload)  # only the request, once more: it is known
    assert (await careful.response(number=2)).status == Response.SUCCEEDED
    assert len(careful.recorder.orders) == 1


async def test_unsigned_is_refused(careful: Site) -> None:
    assert await careful.ask(request()) == DENIED
    assert "not signed" in careful.responses()[0].reason_description
    assert careful.recorder.orders == []


@pytest.mark.parametrize("what", ["another key", "another vehicle", "another id", "another value", "garbage", "short"])
async def test_a_signature_of_something_else_is_refused(careful: Site, what: str) -> None:
    payload = request()
    careful.sign(
        {
            "another key": signature(payload, key=Ed25519PrivateKey.generate()),
            "another vehicle": signature(payload, vehicle="car-2"),
            "another id": signature(payload, "c2"),
            "another value": signature(request(value=False)),
            "garbage": bytes(64),
            "short": signature(payload)[:-1],
        }[what]
    )
    assert await careful.ask(payload) == DENIED
    assert careful.recorder.orders == []


async def test_a_forgery_does_not_bar_the_real_one(careful: Site) -> None:
    careful.sign(bytes(64))
    assert await careful.ask(request(value=False)) == DENIED
    payload = request(value=True)
    careful.sign(signature(payload))
    careful.send(payload)
    assert (await careful.response(number=2)).status == Response.SUCCEEDED
    assert careful.recorder.values == [True]


async def test_one_that_could_be_kept_for_ever_is_refused(careful: Site) -> None:
    for name, payload in (("c1", request(timeout_ms=0)), ("c2", request("c2", issued_timestamp_ms=0))):
        careful.sign(signature(payload, name), name)
        assert await careful.ask(payload, name) == DENIED


async def test_one_kept_back_until_it_expired_is_not_carried_out(careful: Site) -> None:
    payload = request(issued_timestamp_ms=1_000)
    careful.sign(signature(payload))
    assert await careful.ask(payload) == (Response.EXECUTION_TIMEOUT, 18)
    assert careful.recorder.orders == []


async def test_a_vehicle_without_the_key_needs_no_signature(site: Site) -> None:
    site.sign(bytes(64))
    assert await site.ask(request()) == (Response.SUCCEEDED, 0)


def test_a_key_that_is_none_is_told_before_anything_runs(resting: Site) -> None:
    file = resting.config.state.parent / "key.pem"
    config = replace(resting.config, command_key=file)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        Agent(config, MemorySource())
    file.write_text("no key")
    with pytest.raises(InvalidInputError, match="key for commands"):
        Agent(config, MemorySource())
