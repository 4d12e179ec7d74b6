from __future__ import annotations

import os
import pwd
import socket
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text

from kaido.errors import InvalidInputError, UnavailableError
from kaido.runtime import clock
from kaido.store import Store, sqlite
from kaido.store.tables import CompanyRow

if TYPE_CHECKING:
    from collections.abc import Iterator


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "kaido.db"
    file.write_bytes(b"what is this? " * 1000)
    with pytest.raises(UnavailableError, match="not a database") as caught:
        Store.open(f"sqlite:///{file}")
    assert str(file) in caught.value.what
    assert "back-up" in caught.value.fix


def test_a_damaged_database(tmp_path: Path) -> None:
    file = tmp_path / "kaido.db"
    Store.open(f"sqlite:///{file}").close()
    content = bytearray(file.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(UnavailableError, match="malformed"):
        Store.open(f"sqlite:///{file}").revision()


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot be made"):
        Store.open(f"sqlite:///{tmp_path / 'file' / 'kaido.db'}")


def test_a_database_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "kaido.db").mkdir()
    with pytest.raises(UnavailableError, match=r"kaido\.db cannot be used"):
        Store.open(f"sqlite:///{tmp_path / 'kaido.db'}")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can read; those of pytest are their owner's alone."""
    with tempfile.TemporaryDirectory(prefix="kaido-store-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Root may write everywhere; these tests must not be root."""
    was = os.geteuid()
    if was == 0:
        os.seteuid(pwd.getpwnam("nobody").pw_uid)
    yield
    if was == 0:
        os.seteuid(0)


@pytest.fixture
def kept_database(open_folder: Path) -> Path:
    """A database in a folder and a file that only root and its owner could write, and they gave that up."""
    file = open_folder / "kaido.db"
    Store.open(f"sqlite:///{file}").close()
    file.chmod(0o444)
    return file


def test_a_folder_that_may_only_be_read(kept_database: Path, request: pytest.FixtureRequest) -> None:
    kept_database.parent.chmod(0o555)
    request.getfixturevalue("ordinary_user")
    with pytest.raises(UnavailableError, match="ermission denied") as caught:
        Store.open(f"sqlite:///{kept_database}")
    assert "--data" in caught.value.fix


def test_a_database_that_may_only_be_read(kept_database: Path, request: pytest.FixtureRequest) -> None:
    kept_database.with_name("kaido.db.lock").chmod(0o666)
    kept_database.parent.chmod(0o777)
    request.getfixturevalue("ordinary_user")
    store = Store.open(f"sqlite:///{kept_database}")
    with pytest.raises(UnavailableError, match="readonly") as caught, store.session() as session:
        session.add(CompanyRow(name="acme", created=clock.now()))
    assert "writable" in caught.value.fix
    store.close()


def test_a_database_that_another_process_keeps_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sqlite.OPTIONS["connect_args"], "timeout", 0.1)
    file = tmp_path / "kaido.db"
    store = Store.open(f"sqlite:///{file}")
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(UnavailableError, match="locked") as caught, store.session() as session:
        session.add(CompanyRow(name="acme", created=clock.now()))
    assert "Another process" in caught.value.fix
    assert store.revision() == 0  # reading goes on
    other.close()
    with store.session() as session:
        session.add(CompanyRow(name="acme", created=clock.now()))
    store.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://host/kaido", "kind 'mysql'"),
        ("not a url", "cannot be read"),
        ("", "cannot be read"),
        ("sqlite://", "a file of its own"),
        ("sqlite:///file:/tmp/kaido.db?mode=ro&uri=true", "a file of its own"),
        ("postgresql+nodriver://host/kaido", "driver"),
    ],
)
def test_urls_that_are_none(url: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as caught:
        Store.open(url)
    assert "KAIDO_DATABASE_URL" in caught.value.fix


def test_a_postgresql_that_is_not_there_and_its_password_is_not_shown() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        with pytest.raises(UnavailableError, match="refused") as caught:
            Store.open(f"postgresql://kaido:topsecret@127.0.0.1:{port}/kaido")
    assert str(port) in caught.value.what
    assert "topsecret" not in str(caught.value)


def test_a_postgresql_database_that_does_not_exist(postgresql_url: str) -> None:
    with pytest.raises(UnavailableError, match="does not exist"):
        Store.open(postgresql_url.replace("kaido_", "other_"))


def test_a_postgresql_that_dropped_the_connections_is_used_again(postgresql_url: str) -> None:
    store = Store.open(postgresql_url)
    assert store.revision() == 0
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"))
    engine.dispose()
    assert store.revision() == 0
    store.close()


def test_the_driver_of_postgresql_is_an_extra_that_the_error_names() -> None:
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from kaido.store import Store\n"
        "try: Store.open('postgresql://localhost/kaido')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.startswith("UnavailableError")
    assert "pip install 'kaido[postgresql]'" in result.stdout
