"""``kaido command`` on a bare folder: what it says, what it exits with; nothing is delivered there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
import yaml
from click.testing import CliRunner, Result

from kaido.catalog.store import CatalogStore
from kaido.cli.main import kaido
from kaido.commands.ledger import Ledger, Step
from kaido.commands.model import Key, Outcome, State
from kaido.company import Companies, Vehicles
from kaido.errors import ConflictError, KaidoError, NotFoundError
from kaido.flow import SAMPLE_SCHEMA
from kaido.runtime import clock
from kaido.runtime.settings import Settings, load
from kaido.store import Store
from kaido.twin import offline
from tests.commands.conftest import AC, CATALOG, HORN, MANIFEST, SPEED, refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return load(data=tmp_path / "data")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = Store.open(settings.database)
    Companies(opened, settings).create("acme")
    catalog = CatalogStore(opened)
    catalog.import_signals("acme", CATALOG)
    catalog.save_manifest("acme", MANIFEST)
    for number in range(3):
        Vehicles(opened).register("acme", f"car-{number}", manifest="none" if number == 2 else None)
    now = clock.now()
    rows: list[list[Any]] = [[f"car-{number}" for number in range(3)], [SPEED] * 3, [now] * 3, [0.0, 9.0, 0.0]]
    nothing: list[None] = [None] * 3
    offline.merge(settings, "acme", pa.table([*rows, nothing, nothing, nothing], schema=SAMPLE_SCHEMA))
    yield opened
    opened.close()


class Shell:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def run(self, *arguments: str, code: int = 0) -> Result:
        done = CliRunner().invoke(kaido, ["--data", str(self._settings.data), "command", *arguments])
        if isinstance(done.exception, KaidoError):
            raise done.exception
        assert done.exit_code == code, done.output
        return done

    def ask(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)


@pytest.fixture
def shell(store: Store, settings: Settings) -> Shell:
    del store  # it has to be there
    return Shell(settings)


def test_one_car(shell: Shell, store: Store) -> None:
    made = shell.ask("send", "car-0", f"{AC}=true", "--id", "c1", "--timeout", "1min", "--no-wait")
    assert (made["value"], made["timeout_ms"], made["counts"]) == (True, 60_000, {"waiting": 1})
    assert "waiting" in shell.run("show", "c1").stdout
    key = Key("acme", "c1", "car-0")
    for step in (
        Step(key, (State.WAITING,), State.SENT, sends=0),
        Step(key, (State.SENT,), State.DONE, Outcome.FAILED, code=0x10001, text="fuse blown"),
    ):
        assert Ledger(store).take([step]) == [step]
    shown = shell.run("show", "c1").stdout
    assert "failed (reason code 65537): fuse blown" in shown
    assert [line.split()[1] for line in shown.splitlines()[-3:]] == ["waiting", "sent", "failed"]
    shell.run("send", "car-0", f"{AC}=true", "--id", "c1", "--timeout", "1min", code=1)
    assert "no platform runs on this folder" in shell.run("send", "car-0", f"{AC}=true", "--id", "c2").stderr
    assert "failed" in shell.run("list").stdout
    assert [one["id"] for one in shell.ask("list", "--vehicle", "car-0")] == ["c2", "c1"]
    assert shell.ask("show", "c1", "--vehicle", "car-0")["outcome"] == "failed"
    with pytest.raises(ConflictError):
        shell.run("cancel", "c1")
    with pytest.raises(NotFoundError):
        shell.run("show", "c9")


def test_the_list_is_of_those_that_are_asked_for(shell: Shell) -> None:
    for vehicle in ("car-0", "car-1"):
        shell.run("send", vehicle, f"{AC}=true", "--id", vehicle, "--no-wait")
    shell.run("cancel", "car-0")
    for only, found in {
        ("--outcome", "cancelled"): ["car-0"],
        ("--state", "waiting"): ["car-1"],
        ("--state", "done", "--vehicle", "car-1"): [],
        ("--issuer", "local"): ["car-1", "car-0"],
        ("--issuer", "hanako"): [],
        ("--start", "-1h", "--end", "now"): ["car-1", "car-0"],
        ("--end", "-1h"): [],
    }.items():
        assert [one["id"] for one in shell.ask("list", *only)] == found, only
    assert "no command is like that" in shell.run("list", "--issuer", "hanako").output
    shell.run("list", "--outcome", "lost", code=2)


def test_a_part_of_the_fleet_is_confirmed_first(shell: Shell) -> None:
    wanted = (f"{AC}=true", "--where", f"{SPEED} == 0")
    found = shell.ask("send", *wanted, "--dry-run")
    assert (found["reaches"], found["unable"], found["vehicles"]) == (1, 1, ["car-0"])
    said = shell.run("send", *wanted, "--dry-run").stderr
    assert "it would reach 1 vehicles; 1 more are revoked or have not got the actuator; nothing was sent" in said
    with refused(f"The same with --confirm {found['confirm']}"):
        shell.run("send", *wanted)
    with refused("that confirms another command"):
        shell.run("send", f"{AC}=false", "--where", f"{SPEED} == 0", "--confirm", found["confirm"])
    with refused("more vehicles would be reached than was confirmed"):
        shell.run("send", *wanted, "--confirm", "0" + shell.ask("send", *wanted, "--dry-run")["confirm"][1:])
    made = shell.ask("send", *wanted, "--confirm", found["confirm"], "--id", "f1", "--no-wait")
    assert (made["vehicles"], made["counts"], made["where"]) == (1, {"waiting": 1}, f"{SPEED} == 0")
    again = shell.ask("send", *wanted, "--confirm", "whatever", "--id", "f1", "--no-wait")
    assert again["created"] == made["created"]
    assert "cancelled" in shell.run("cancel", "f1").stderr


def test_policy_and_approval(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(f"rules:\n- actuators: ['{AC}']\n  forbidden: true\n")
    assert "1 rules; commands are not signed" in shell.run("policy", "set", str(file)).stderr
    shown = shell.run("policy", "show").stdout
    assert yaml.safe_load(shown)["rules"] == [{"actuators": [AC], "forbidden": True}], "what is said, and no more"
    assert "per_vehicle: 60/min" in shown
    for more in ((), ("--no-wait",)):
        done = shell.run("send", "car-0", f"{AC}=true", *more, code=7)
        assert "rejected by policy: " in done.stdout
    assert "kaido command approve h1" in shell.run("send", "car-0", f"{HORN}=5", "--id", "h1").stdout
    with refused("somebody else"):
        shell.run("approve", "h1")
    for content, why in ((b"\xff", "no YAML"), (b"[]", "a mapping"), (b"rules: 5", "rules")):
        file.write_bytes(content)
        with refused(why):
            shell.run("policy", "set", str(file))


@pytest.mark.parametrize("wrong", [("car-0",), ("car-0", AC), (f"{AC}=true",), ("a", "b", f"{AC}=1"), ("car-0", "=1")])
def test_wrong_usage(shell: Shell, wrong: tuple[str, ...]) -> None:
    shell.run("send", *wrong, code=2)
