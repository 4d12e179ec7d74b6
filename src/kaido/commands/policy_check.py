"""A policy against the catalog: a rule about a name that nothing has would guard nothing."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from kaido.control.selection import is_pattern
from kaido.control.targets import check_condition
from kaido.errors import InvalidInputError, nearest_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kaido.catalog.signal import Signal
    from kaido.commands.policy import Policy


def check_policy(policy: Policy, catalog: Mapping[str, Signal]) -> None:
    """Whether all that the rules name exists.

    Args:
        policy: the rules.
        catalog: every signal that the company can name, by path.

    Raises:
        InvalidInputError: a rule names no actuator, or a precondition a signal that there is not.
    """
    actuators = [path for path, signal in catalog.items() if signal.kind == "actuator"]
    for place, rule in enumerate(policy.rules):
        for one in rule.actuators:
            if not any(fnmatch.fnmatchcase(path, one) for path in actuators):
                raise _names_nothing(f"rules.{place}.actuators", one, catalog, actuators)
        for number, wanted in enumerate(rule.require):
            try:
                check_condition(wanted.condition, catalog)
            except InvalidInputError as error:
                field = f"rules.{place}.require.{number}.condition"
                raise InvalidInputError(
                    f"the policy for commands: {field}: {error.what}", why=error.why, fix=error.fix
                ) from error


def _names_nothing(field: str, name: str, catalog: Mapping[str, Signal], actuators: list[str]) -> InvalidInputError:
    if name in catalog:
        why = f"in the catalog it is no actuator but a {catalog[name].kind}"
    else:
        why = "no actuator matches it" if is_pattern(name) else "the catalog has no such actuator"
    nearest = nearest_names(name, actuators)
    fix = f"Did you mean {' or '.join(nearest)}?" if nearest else "See: kaido catalog list"
    return InvalidInputError(f"the policy for commands: {field}: {name} would guard nothing", why=why, fix=fix)
