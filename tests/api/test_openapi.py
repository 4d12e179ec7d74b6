from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.api.conftest import World


def _operations(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
    ]


async def test_every_operation_has_a_summary_a_tag_and_a_name_of_its_own(world: World) -> None:
    response = await world.nobody.http.get("/openapi.json")
    schema = response.json()
    assert schema["components"]["securitySchemes"] == {
        "token": {"type": "http", "scheme": "bearer"},
        "session": {"type": "apiKey", "in": "cookie", "name": "kaido_session"},
    }
    operations = _operations(schema)
    names = [operation["operationId"] for _, operation in operations]
    assert len(set(names)) == len(names)
    for place, operation in operations:
        assert operation.get("tags"), place
        assert operation.get("summary"), place
        assert operation.get("description"), place
        assert place.split()[1].startswith(("/v1/", "/metrics")), place


async def test_nothing_but_health_the_sign_in_and_the_pages_answers_without_a_token(world: World) -> None:
    for place, _ in _operations(world.app.openapi()):
        method, path = place.split()
        response = await world.nobody.http.request(method, path.replace("{", "").replace("}", ""))
        expected = {"GET /v1/health": 200, "POST /v1/session": 422}.get(place, 401)  # a sign-in of nobody with nothing
        assert response.status_code == expected, f"{place}: {response.text}"
