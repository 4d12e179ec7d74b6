"""A session with Kaido's public API, over HTTP or with the application in this process."""

from __future__ import annotations

import json as jsonlib
from typing import TYPE_CHECKING, Any, Self

import httpx

from kaido.client.data import DataMethods
from kaido.errors import KaidoError, UnavailableError, from_problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import BinaryIO

    import pyarrow as pa

ARROW = "application/vnd.apache.arrow.stream"


class Client(DataMethods):
    """The public API. Every failure is a ``KaidoError``.

    Args:
        url: the API's address, ``http://127.0.0.1:8642``.
        token: a token of the company, or of the operator.
        company: the company to act in; needed only with an operator's token and several companies.
        timeout: seconds for one request.
        transport: how requests travel, if not over HTTP.
    """

    def __init__(
        self,
        url: str,
        token: str = "",
        *,
        company: str = "",
        timeout: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        headers = {"User-Agent": "kaido-client"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if company:
            headers["Kaido-Company"] = company
        self.url = url.rstrip("/")
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """The JSON at ``path``."""
        return self._json("GET", path, params=params)

    def post(self, path: str, json: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        """Post JSON; the JSON answer (None where there is none)."""
        return self._json("POST", path, params=params, json=json)

    def put(self, path: str, json: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        """Put JSON; the JSON answer."""
        return self._json("PUT", path, params=params, json=json)

    def patch(self, path: str, json: Any = None, params: Mapping[str, Any] | None = None) -> Any:
        """Change with JSON; the JSON answer."""
        return self._json("PATCH", path, params=params, json=json)

    def delete(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Delete; the JSON answer (None where there is none)."""
        return self._json("DELETE", path, params=params)

    def pages(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Every item of a list that comes in pages (``{"items": [...], "next": cursor}``)."""
        wanted = dict(params or {})
        while True:
            page = self.get(path, wanted)
            yield from page["items"]
            if not page.get("next"):
                return
            wanted["after"] = page["next"]

    def arrow(
        self, path: str, params: Mapping[str, Any] | None = None, *, method: str = "GET", json: Any = None
    ) -> pa.Table:
        """The Arrow table at ``path``."""
        import pyarrow as pa  # noqa: PLC0415  # heavy; most commands do without

        response = self._send(method, path, params=params, json=json, headers={"Accept": ARROW})
        with pa.ipc.open_stream(response.content) as reader:
            return reader.read_all()

    def content(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        accept: str = "*/*",
        method: str = "GET",
        json: Any = None,
    ) -> bytes:
        """The bytes at ``path``, in the format that ``accept`` asks for."""
        return self._send(method, path, params=params, json=json, headers={"Accept": accept}).content

    def upload(
        self,
        path: str,
        files: Mapping[str, Path],
        *,
        params: Mapping[str, Any] | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> Any:
        """Send files as a multipart form; the JSON answer."""
        handles: dict[str, tuple[str, BinaryIO]] = {}
        try:
            for name, file in files.items():
                handles[name] = (file.name, _open(file))
            response = self._send("POST", path, params=params, files=handles, data=dict(fields or {}))
        finally:
            for _, handle in handles.values():
                handle.close()
        return response.json()

    def upload_stream(
        self, path: str, content: Iterator[bytes] | BinaryIO, *, params: Mapping[str, Any] | None = None
    ) -> Any:
        """Send bytes as the whole body (a recording of any size); the JSON answer."""
        return self._send("POST", path, params=params, content=content).json()

    def stream(
        self, path: str, params: Mapping[str, Any] | None = None, *, accept: str = "*/*"
    ) -> AbstractContextManager[httpx.Response]:
        """A response to read piece by piece."""
        return self._http.stream("GET", path, params=params, headers={"Accept": accept})

    def _json(self, method: str, path: str, **how: Any) -> Any:
        response = self._send(method, path, **how)
        return response.json() if response.content else None

    def _send(self, method: str, path: str, **how: Any) -> httpx.Response:
        if (params := how.get("params")) is not None:
            how["params"] = {name: value for name, value in params.items() if value is not None}
        try:
            response = self._http.request(method, path, **how)
        except httpx.TimeoutException as error:
            raise UnavailableError(
                f"the API at {self.url} did not answer {method} {path} in time", fix="Try: kaido doctor"
            ) from error
        except httpx.HTTPError as error:
            raise UnavailableError(
                f"the API at {self.url} cannot be reached",
                why=str(error),
                fix="Is the platform up? Try: kaido up",
            ) from error
        if response.is_error:
            raise _error(response)
        return response


def _open(file: Path) -> BinaryIO:
    from kaido.errors import InvalidInputError, NotFoundError  # noqa: PLC0415  # rare path

    try:
        return file.open("rb")
    except FileNotFoundError as error:
        raise NotFoundError(f"the file {file} is not there") from error
    except OSError as error:
        raise InvalidInputError(f"the file {file} cannot be read", why=error.strerror or str(error)) from error


def _error(response: httpx.Response) -> KaidoError:
    try:
        problem = response.json()
    except (jsonlib.JSONDecodeError, UnicodeDecodeError):
        problem = None
    if isinstance(problem, dict) and "what" in problem:
        return from_problem(problem)
    return KaidoError(
        f"{response.request.method} {response.request.url.path} answered {response.status_code}",
        why=response.text[:200],
    )
