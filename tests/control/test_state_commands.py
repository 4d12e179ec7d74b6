"""Commands about state templates: which vehicles get which request; and ``kaido state`` on a bare folder."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from kaido.cli.main import kaido
from kaido.commands import Commands, Issuer
from kaido.company import Vehicles
from kaido.control.records import Records
from kaido.control.state_commands import Operation, StateCommands, state_request
from kaido.control.templates import StateTemplates
from kaido.errors import ConflictError, InvalidInputError, KaidoError, NotFoundError
from kaido.store.tables import CommandRow
from kaido.wire import kaido_wire_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kaido.runtime.settings import Settings
    from kaido.store import Store

    Run = Callable[..., Any]

ANN = Issuer("ann", "aaaa")


@pytest.fixture
def states(store: Store, settings: Settings) -> StateCommands:
    templates = StateTemplates(store)
    templates.create("acme", {"name": "speed", "signals": ["Vehicle.Speed"], "on_change": True})
    templates.create("acme", {"name": "range", "signals": ["Vehicle.Range"], "period": "1s"})
    templates.create("acme", {"name": "japan", "signals": ["*"], "period": "1s", "targets": {"market": "JP"}})
    return StateCommands(store, Commands(store, settings))


def sent(store: Store, identifier: str) -> list[pb.StateTemplateCommand]:
    with store.reading() as session:
        row = session.get(CommandRow, ("acme", identifier))
        assert row is not None
        return list(pb.CommandRequest.FromString(row.request).last_known_state.state_templates)


def test_a_request_says_what_to_do_with_each_template() -> None:
    def operations(operation: Operation, seconds: int = 0) -> list[tuple[str, str | None, int]]:
        request = state_request(["a", "b"], operation, seconds)
        return [
            (one.state_template_sync_id, one.WhichOneof("operation"), one.activate.deactivate_after_seconds)
            for one in pb.CommandRequest.FromString(request.SerializeToString()).last_known_state.state_templates
        ]

    assert operations(Operation.ACTIVATE) == [("a", "activate", 0), ("b", "activate", 0)]
    assert operations(Operation.ACTIVATE, 7) == [("a", "activate", 7), ("b", "activate", 7)]
    assert operations(Operation.DEACTIVATE) == [("a", "deactivate", 0), ("b", "deactivate", 0)]
    assert operations(Operation.FETCH) == [("a", "fetch_snapshot", 0), ("b", "fetch_snapshot", 0)]


def test_a_vehicle_is_asked_for_what_it_is_to_hold(states: StateCommands, store: Store, settings: Settings) -> None:
    (command,) = states.send("acme", ANN, Operation.FETCH, vehicles=["leaf-1"], timeout_ms=1_000, id="c")
    assert (command.id, command.vehicles, command.what, command.value) == ("c", 1, "state all", "fetch")
    records = Records(store, settings)
    records.refresh()
    wanted = records.wanted("acme", "leaf-1")
    assert wanted is not None
    assert {one.state_template_sync_id for one in sent(store, "c")} == wanted.states.ids
    assert len(wanted.states.ids) == 2
    assert states.send("acme", ANN, Operation.FETCH, vehicles=["leaf-1"], timeout_ms=1_000, id="c") == [command]


def test_each_manifest_has_a_command_of_its_own(states: StateCommands, store: Store) -> None:
    Vehicles(store).revoke("acme", "leaf-2")
    found = states.send(
        "acme", ANN, Operation.ACTIVATE, templates=["speed"], seconds=60, timeout_ms=1_000, id="c", reason="why not"
    )
    assert [(one.id, one.vehicles, one.value) for one in found] == [
        ("c.1", 1, "activate for 60 s"),
        ("c.2", 1, "activate for 60 s"),
    ]
    named = [one.state_template_sync_id for command in found for one in sent(store, command.id)]
    assert [name.partition("/")[2].partition("@")[0] for name in named] == ["leaf", "zoe"]


def test_what_cannot_be_asked_is_told(states: StateCommands, store: Store) -> None:
    def send(**how: Any) -> None:
        states.send("acme", ANN, Operation.ACTIVATE, **{"timeout_ms": 1_000, **how})

    with pytest.raises(NotFoundError, match="no state template 'sped'"):
        send(templates=["sped"])
    with pytest.raises(NotFoundError, match="no vehicle 'leaf-9'"):
        send(vehicles=["leaf-9"])
    with pytest.raises(NotFoundError, match="leaf-1 is not to hold the state template range"):
        send(templates=["range"], vehicles=["leaf-1"])
    with pytest.raises(NotFoundError, match="zoe-1 is not to hold the state template japan"):
        send(templates=["japan"], vehicles=["zoe-1"])
    with pytest.raises(InvalidInputError, match="an activation for 4294967296 s"):
        send(seconds=1 << 32)
    with pytest.raises(InvalidInputError, match="a timeout of 1 ms"):
        send(timeout_ms=1)
    Vehicles(store).register("acme", "tesla-1", model="tesla")
    with pytest.raises(NotFoundError, match="it has no decoder manifest"):
        send(vehicles=["tesla-1"])
    Vehicles(store).revoke("acme", "zoe-1")
    with pytest.raises(ConflictError, match="zoe-1 is revoked"):
        send(vehicles=["zoe-1"])
    with pytest.raises(NotFoundError, match="no vehicle is to hold any"):
        send(templates=["range"])


@pytest.fixture
def run(store: Store, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    del store  # it has to be there
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)

    def call(*arguments: str, code: int = 0) -> Any:
        result = CliRunner().invoke(kaido, ["--data", str(settings.data), "state", *arguments])
        if isinstance(result.exception, KaidoError):
            raise result.exception
        assert result.exit_code == code, result.output
        return json.loads(result.stdout) if "--json" in arguments else result.output

    return call


def test_the_command_line(run: Run) -> None:
    made = run("create", "wheels", "--signal", "*.Wheel.*", "--on-change", "--model", "leaf", "--json")
    assert made["spec"] == {
        "name": "wheels",
        "signals": ["*.Wheel.*"],
        "on_change": True,
        "targets": {"model": "leaf"},
    }
    run("create", "range", "--signal", "Vehicle.Range", "--period", "2s", "--vehicle", "zoe-1")
    shown = run("list")
    assert "every 2s" in shown
    assert "on change" in shown
    assert "model=leaf" in shown
    assert run("show", "wheels", "--json") == made
    assert "sync id" in run("show", "wheels")
    with pytest.raises(ConflictError):
        run("create", "range", "--signal", "Vehicle.Range", "--period", "3s")
    run("create", "range", "--signal", "Vehicle.Range", "--period", "3s", "--replace")
    run("delete", "range", "--yes")
    assert [one["name"] for one in run("list", "--json")] == ["wheels"]


def test_wrong_usage(run: Run) -> None:
    for more in ((), ("--on-change", "--period", "1s")):
        assert "either --on-change or --period" in run("create", "x", "--signal", "*", *more, code=2)
    mixed = ("--on-change", "--vehicle", "zoe-1", "--model", "zoe")
    assert "either --vehicle, or" in run("create", "x", "--signal", "*", *mixed, code=2)


def test_without_waiting(run: Run) -> None:
    """No platform runs: the commands are on record, and go out when one does."""
    run("create", "speed", "--signal", "Vehicle.Speed", "--on-change")
    found = run("activate", "speed", "--no-wait", "--for", "10min", "--reason", "a test", "--json")
    assert found["counts"] == {"waiting": 3}
    assert {one["value"] for one in found["commands"]} == {"activate for 600 s"}
    assert {one["reason"] for one in found["commands"]} == {"a test"}
    with pytest.raises(NotFoundError, match="no vehicle 'zoe-9'"):
        run("fetch", "zoe-9")
