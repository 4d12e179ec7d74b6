"""A store on SQLite and on PostgreSQL. PostgreSQL comes from Debian's package `postgresql`, or from a URL."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, make_url, text

from kaido.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL


class Cluster:
    """A private PostgreSQL: its own folder, a socket in it, no TCP port."""

    def __init__(self, binaries: Path, folder: Path, user: str | None) -> None:
        self._binaries = binaries
        self._folder = folder
        self._as: dict[str, Any] = {"user": user, "group": user, "extra_groups": []} if user else {}
        self._run("initdb", "--auth=trust", "--username=kaido", "--encoding=UTF8", "--no-sync", "--pgdata=data")

    @property
    def url(self) -> URL:
        return make_url("postgresql+psycopg://kaido@/postgres").update_query_dict({"host": str(self._folder)})

    def start(self) -> None:
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off"
        self._run("pg_ctl", "start", "--wait", "--timeout=60", "--pgdata=data", "--log=log", f"--options={options}")

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "--timeout=60", "--pgdata=data", "--mode=immediate")

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._binaries / program, *arguments],
            cwd=self._folder,
            check=True,
            timeout=90,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            **self._as,
        )


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A private PostgreSQL cluster, where its programs are installed."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql), and KAIDO_TEST_POSTGRES names none")
    user = _user()
    if os.geteuid() == 0 and user is None:
        pytest.skip("PostgreSQL does not run as root, and there is no user `postgres` or `nobody`")
    with tempfile.TemporaryDirectory(prefix="kaido-pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)
        made = Cluster(binaries, folder, user)
        made.start()
        try:
            yield made
        finally:
            made.stop()


def _binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) if Path("/usr/lib/postgresql").is_dir() else []
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


def _user() -> str | None:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in known), None) if os.geteuid() == 0 else None


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'kaido.db'}"
        return
    yield from _fresh_postgresql(request)


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty PostgreSQL database."""
    yield from _fresh_postgresql(request)


def _fresh_postgresql(request: pytest.FixtureRequest) -> Iterator[str]:
    given = os.environ.get("KAIDO_TEST_POSTGRES")
    server = make_url(given) if given else request.getfixturevalue("cluster").url
    name = f"kaido_{uuid.uuid4().hex}"
    _execute(server, f"CREATE DATABASE {name}")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(server: URL, statement: str) -> None:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open store on an empty database of either kind."""
    opened = Store.open(database_url)
    yield opened
    opened.close()
