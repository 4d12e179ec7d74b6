"""Sending commands: what the API, and whoever else wants something of vehicles, calls."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from kaido import flow
from kaido.catalog.store import CatalogStore
from kaido.commands import policy as policies
from kaido.commands import preconditions, values
from kaido.commands.equipment import Equipment
from kaido.commands.model import Order
from kaido.commands.policies import Policies
from kaido.commands.records import CommandRecords, IdTakenError, Wish
from kaido.company import Vehicles
from kaido.control.quantities import Duration
from kaido.errors import ConflictError, InvalidInputError, NotFoundError
from kaido.runtime import clock
from kaido.wire.topics import VEHICLE_ID

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from kaido.catalog.signal import Signal
    from kaido.commands.model import Command, Issuer
    from kaido.commands.policy import Policy
    from kaido.commands.preconditions import Known
    from kaido.company import Vehicle
    from kaido.runtime.settings import Settings
    from kaido.store import Store

SHORTEST_MS = 100
LONGEST_MS = 30 * 86_400_000
LONGEST_REASON = 2_000
MOST_VEHICLES = 50_000
_PAGE = 1_000
_DURATION: TypeAdapter[int] = TypeAdapter(Duration)


@dataclass(frozen=True)
class Reach:
    """The vehicles that a command to a part of the fleet would reach.

    Attributes:
        able: ids, in order.
        unable: how many fulfil the condition, but are revoked or lack the actuator.
    """

    able: tuple[str, ...]
    unable: int


class Commands:
    """Sends commands. All calls block; what they record, control carries out.

    After each that changes something, tell control: ``nats.publish(flow.COMMANDS_SUBJECT, commands.nudge(...))``. It
    would find it by itself a moment later.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self.records = CommandRecords(store)
        self.policies = Policies(store, settings)
        self._catalog = CatalogStore(store)
        self._vehicles = Vehicles(store)

    def send_actuator(
        self,
        company: str,
        issuer: Issuer,
        vehicles: Sequence[str],
        path: str,
        value: object,
        *,
        where: str | None = None,
        timeout_ms: int,
        id: str | None = None,  # noqa: A002  # it is what the field calls it
        reason: str = "",
        known: Mapping[str, Mapping[str, Known]] | None = None,
    ) -> Command:
        """Set an actuator.

        Args:
            company: whose vehicles.
            issuer: whose token.
            vehicles: one; or those that ``where`` finds.
            path: of the actuator.
            value: of its type, or a text that means one.
            where: the condition that found the vehicles.
            timeout_ms: from now (or its approval) until its outcome.
            id: given, it makes the call idempotent.
            reason: for the record.
            known: what the twin says of vehicles; those that it says nothing of are looked at when it is sent.

        Raises:
            InvalidInputError: the value, the id, the timeout or the reason cannot be.
            NotFoundError: no such actuator in the catalog; or the one vehicle is not registered, or has not got it.
            ConflictError: the id is another command's; the one vehicle is revoked; too much is under way.
        """
        signal = self.signal(company, path)
        checked = values.check(signal, value)
        if where is None:
            for one in vehicles:
                self.check_able(company, one, path)
        policy = self.policies.get(company)
        order = Order(path, checked, values.request(0, "", signal.datatype, checked))
        return self.send(
            company,
            issuer,
            vehicles,
            order,
            where=where,
            timeout_ms=timeout_ms,
            id=id,
            reason=reason,
            policy=policy,
            approval=policies.needs_approval(policy, signal),
            rejected=_rejected(policy, path, issuer.name, reason, vehicles, known or {}),
        )

    def send(
        self,
        company: str,
        issuer: Issuer,
        vehicles: Sequence[str],
        order: Order,
        *,
        timeout_ms: int,
        where: str | None = None,
        id: str | None = None,  # noqa: A002  # it is what the field calls it
        reason: str = "",
        policy: Policy | None = None,
        approval: bool = False,
        rejected: Mapping[str, str] | None = None,
    ) -> Command:
        """Send any request: its command id and times are set when it goes out.

        Raises:
            InvalidInputError: the id, the timeout or the reason cannot be.
            ConflictError: the id is another command's; too much is under way.
        """
        identifier = id if id is not None else f"c-{secrets.token_hex(8)}"
        _check(identifier, timeout_ms, reason, vehicles)
        wish = Wish(
            company=company,
            id=identifier,
            order=order,
            timeout_ms=timeout_ms,
            reason=reason,
            issuer=issuer,
            where=where,
            vehicles=sorted(set(vehicles)),
            policy=policy or self.policies.get(company),
            approval=approval,
            rejected=rejected or {},
        )
        try:
            return self.records.create(wish)
        except IdTakenError:
            raise
        except ConflictError:
            made = self.records.known(wish)  # by somebody who was a moment faster
            if made is None:
                raise
            return made

    def check_value(self, company: str, path: str, value: object) -> None:
        """Whether an actuator can have a value.

        Raises:
            InvalidInputError: it cannot.
            NotFoundError: there is no such actuator.
        """
        values.check(self.signal(company, path), value)

    def signal(self, company: str, path: str) -> Signal:
        """The actuator in the catalog.

        Raises:
            NotFoundError: there is no such signal; names the nearest actuator.
        """
        found = self._catalog.signal(company, path)
        if found is not None:
            return found
        known = {one.path: one for one in self._catalog.signals(company)}
        if path not in known:
            actuators = [one.path for one in known.values() if one.kind == "actuator"]
            raise NotFoundError.of("actuator", path, actuators, fix="See: kaido catalog list")
        return known[path]

    def reach(self, company: str, path: str, found: Collection[str]) -> Reach:
        """Of the vehicles that a condition found, those that can be commanded."""
        wanted = set(found)
        equipment = Equipment(self._catalog, company)
        able: list[str] = []
        after: str | None = None
        while page := self._vehicles.list(company, _PAGE, after):
            after = page[-1].id
            able += [one.id for one in page if one.id in wanted and _is_able(one, equipment, path)]
        return Reach(tuple(able), len(wanted) - len(able))

    def wanted_signals(self, company: str, path: str) -> set[str]:
        """The signals that preconditions of an actuator are about."""
        return preconditions.signals(policies.preconditions(self.policies.get(company), path))

    def check_able(self, company: str, vehicle: str, path: str) -> None:
        """Whether a vehicle can be commanded.

        Raises:
            NotFoundError: it is not registered, or has not got the actuator.
            ConflictError: it is revoked.
        """
        found = self._vehicles.get(company, vehicle)
        if found.revoked:
            raise ConflictError(f"vehicle {vehicle} is revoked", fix=f"kaido vehicle restore {vehicle}")
        Equipment(self._catalog, company).place(found, path)


def read_timeout(given: str | float) -> int:
    """A time as people write it, in milliseconds.

    Raises:
        InvalidInputError: it is none.
    """
    try:
        return int(_DURATION.validate_python(given))
    except ValidationError as error:
        raise InvalidInputError(f"a timeout of {str(given)[:40]!r}", why="write it as 30s, 500ms or 2min") from error


def nudge(company: str, command: str) -> tuple[str, bytes]:
    """The subject and the content of what tells control that there is something to do."""
    return flow.COMMANDS_SUBJECT, json.dumps({"company": company, "command": command}).encode()


def _is_able(vehicle: Vehicle, equipment: Equipment, path: str) -> bool:
    return vehicle.revoked is None and equipment.has(vehicle, path)


def _rejected(
    policy: Policy,
    path: str,
    issuer: str,
    reason: str,
    vehicles: Sequence[str],
    known: Mapping[str, Mapping[str, Known]],
) -> dict[str, str]:
    """Vehicles to which the policy lets nothing go now, and why."""
    why = policies.objection(policy, path, issuer, reason)
    if why is not None:
        return dict.fromkeys(vehicles, why)
    wanted = policies.preconditions(policy, path)
    verdicts = {one: preconditions.judge(wanted, known[one], clock.now()) for one in vehicles if one in known}
    return {one: verdict.why for one, verdict in verdicts.items() if verdict.answer is preconditions.Answer.NO}


def _check(identifier: str, timeout_ms: int, reason: str, vehicles: Sequence[str]) -> None:
    if not VEHICLE_ID.fullmatch(identifier):
        raise InvalidInputError(
            f"a command cannot have the id {identifier[:60]!r}",
            why="it stands in a topic: letters, digits and _ : . -, at most 128",
        )
    if not SHORTEST_MS <= timeout_ms <= LONGEST_MS:
        raise InvalidInputError(f"a timeout of {timeout_ms} ms", why=f"it can be from {SHORTEST_MS} ms to 30 days")
    if len(reason) > LONGEST_REASON:
        raise InvalidInputError("the reason is too long", why=f"at most {LONGEST_REASON} characters are kept")
    if not vehicles:
        raise InvalidInputError("the command would reach no vehicle")
    if len(vehicles) > MOST_VEHICLES:
        raise InvalidInputError(
            f"the command would reach {len(vehicles)} vehicles", why=f"one reaches {MOST_VEHICLES} at most"
        )
