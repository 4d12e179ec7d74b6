from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from tests.api.conftest import World


async def test_a_vehicles_life(world: World) -> None:
    made = await world.a.ask("POST", "/vehicles", json={"id": "car-1", "model": "leaf", "market": "JP"}, status=201)
    assert (made["id"], made["model"], made["vin"], made["revoked"]) == ("car-1", "leaf", None, None)
    assert datetime.fromisoformat(made["registered"]).utcoffset() is not None
    changed = await world.a.ask("PATCH", "/vehicles/car-1", json={"vin": "ZE1-012345", "market": None})
    assert (changed["vin"], changed["market"], changed["model"]) == ("ZE1-012345", None, "leaf")
    enrolled = await world.a.ask("POST", "/vehicles/car-1/enrol", json={"days": 400}, status=201)
    shown = await world.a.ask("GET", "/vehicles/car-1")
    assert [one["serial"] for one in shown.pop("certificates")] == [enrolled["serial"]]
    assert shown == changed
    assert (await world.a.ask("POST", "/vehicles/car-1/revoke"))["revoked"] is not None
    await world.a.ask("POST", "/vehicles/car-1/enrol", status=409)
    assert (await world.a.ask("POST", "/vehicles/car-1/restore"))["revoked"] is None


async def test_an_id_with_all_that_it_may_hold_travels_in_a_path(world: World) -> None:
    identifier = "JN1.AZ0:CP0_b-T12"
    await world.a.ask("POST", "/vehicles", json={"id": identifier}, status=201)
    assert (await world.a.ask("GET", f"/vehicles/{identifier}"))["id"] == identifier


async def test_enrolling_gives_all_that_an_agent_needs(world: World) -> None:
    await world.a.ask("POST", "/vehicles", json={"id": "car-1"}, status=201)
    enrolled = await world.a.ask("POST", "/vehicles/car-1/enrol", status=201)
    certificate = x509.load_pem_x509_certificate(enrolled["certificate"].encode())
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(enrolled["company_ca"].encode()))
    key = serialization.load_pem_private_key(enrolled["key"].encode(), None)
    assert key.public_key() == certificate.public_key()
    x509.load_pem_x509_certificate(enrolled["gateway_ca"].encode())
    assert (enrolled["host"], enrolled["port"]) == ("localhost", world.services.settings.gateway_port)


async def test_a_signing_request_needs_no_key_from_us(world: World) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    csr = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, hashes.SHA256())
    pem = csr.public_bytes(serialization.Encoding.PEM).decode()
    await world.a.ask("POST", "/vehicles", json={"id": "car-1"}, status=201)
    enrolled = await world.a.ask("POST", "/vehicles/car-1/enrol", json={"csr": pem}, status=201)
    assert enrolled["key"] is None
    problem = await world.a.ask("POST", "/vehicles/car-1/enrol", json={"csr": "hello"}, status=422)
    assert "cannot be read" in problem["what"]


async def test_a_list_of_vehicles(world: World) -> None:
    rows = "".join(f"car-{number:04},JP\n" for number in range(2500))
    made = await world.a.ask("POST", "/vehicles/bulk", content=f"id,market\n{rows}", status=201)
    assert made == {"registered": 2500}
    seen: list[str] = []
    after = None
    while True:
        page = await world.a.ask("GET", "/vehicles", params={"limit": 1000} | ({"after": after} if after else {}))
        seen += [one["id"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert seen == [f"car-{number:04}" for number in range(2500)]
    problem = await world.a.ask("POST", "/vehicles/bulk", content="id\nnew\ncar-0007\n", status=409)
    assert problem["what"] == "line 3: there is a vehicle 'car-0007' already"
    await world.a.ask("GET", "/vehicles/new", status=404)


async def test_limits_are_bounded(world: World) -> None:
    for limit in ("0", "1001", "x"):
        problem = await world.a.ask("GET", "/vehicles", params={"limit": limit}, status=422)
        assert "query limit" in problem["why"]
