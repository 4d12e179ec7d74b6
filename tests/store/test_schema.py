from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from kaido.errors import UnavailableError
from kaido.store import Store, migrate
from kaido.store.tables import Base

if TYPE_CHECKING:
    from sqlalchemy import Connection


def test_the_migrations_make_the_tables_of_the_models(store: Store) -> None:
    with store.session() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": _different_type})
        assert compare_metadata(context, Base.metadata) == []


def _different_type(context: object, inspected: object, column: object, had: object, has: object) -> bool | None:
    del context, inspected, column
    # SQLite keeps no zone with a time and knows one kind of float: those are no differences.
    names = {type(had).__name__.upper(), str(has).split("(")[0].upper()}
    return False if names <= {"TIMESTAMP", "DATETIME", "DOUBLE", "FLOAT", "DOUBLE_PRECISION"} else None


def test_head_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrate._SCRIPTS))
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]


def test_opening_again_changes_nothing(database_url: str) -> None:
    for _ in range(2):
        store = Store.open(database_url)
        assert store.revision() == 0
        store.close()


def test_processes_that_start_together_take_turns(database_url: str) -> None:
    program = "import sys; from kaido.store import Store; print(Store.open(sys.argv[1]).revision())"
    starting = [
        subprocess.Popen([sys.executable, "-c", program, database_url], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in starting:
        out, complaint = process.communicate(timeout=60)
        assert (process.returncode, out.strip()) == (0, b"0"), complaint.decode()


def test_a_database_of_a_newer_kaido_is_refused_and_left_alone(database_url: str) -> None:
    Store.open(database_url).close()
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnavailableError, match="written by a newer Kaido") as caught:
        Store.open(database_url)
    assert "9999" in caught.value.why
    assert "pip install" in caught.value.fix
    with engine.begin() as connection:
        assert _version(connection) == "9999"
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(connection: Connection, current: str | None) -> None:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        raise RuntimeError(current)

    with monkeypatch.context() as patch:
        patch.setattr(migrate, "_upgrade", fail)
        with pytest.raises(RuntimeError):
            Store.open(database_url)
    engine = create_engine(database_url)
    with engine.connect() as connection:
        assert not connection.dialect.has_table(connection, "half")
    engine.dispose()
    Store.open(database_url).close()


def _version(connection: Connection) -> str:
    found: str = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    return found
