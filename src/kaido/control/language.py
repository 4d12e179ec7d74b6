"""What can be written in a campaign: the fields of each part, and the functions of conditions. For completion."""

from __future__ import annotations

import inspect
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args, get_origin

from kaido.control.rollout import Limits, Rollout, Wave
from kaido.control.spec import CampaignSpec
from kaido.control.targets import Attributes
from kaido.control.wishes import Fetch, FunctionWish, Partition, SignalWish
from kaido.expressions import ACTIONS, FUNCTIONS
from kaido.expressions.syntax import CUSTOM, IS_NULL, WINDOW_FUNCTIONS

if TYPE_CHECKING:
    from pydantic import BaseModel

PARTS: dict[str, type[BaseModel]] = {
    "": CampaignSpec,
    "signals[]": SignalWish,
    "partitions[]": Partition,
    "fetch[]": Fetch,
    "functions.*": FunctionWish,
    "targets": Attributes,
    "rollout": Rollout,
    "rollout.waves[]": Wave,
    "rollout.waves[].vehicles": Attributes,
    "rollout.limits": Limits,
}
"""Every mapping in a campaign, by its place."""

_TEXTS = {
    "name": "its name",
    "signal": "its path",
    "model": "the vehicles' model",
    "market": "their market",
    "platform": "their platform",
    "where": "a condition over the last known values: `Vehicle.Speed > 0`",
    "upload": "the condition under which it is sent",
    "waves": "some of the vehicles first, then more",
    "limits": "what one vehicle may send before the campaign pauses by itself",
}
"""Of fields that say nothing of themselves."""
_CALLS = {
    **{
        f"{name}(signal)": f"over the {'last' if name.startswith('last') else 'last but one'} whole window of a signal"
        for name in WINDOW_FUNCTIONS
    },
    f"{IS_NULL}(value)": "whether there is no value",
    f'{CUSTOM}("name", …)': "a function whose name cannot be written plainly",
}
_INSIDE = re.compile(r"^(?:ms|bytes|seconds); |^\.\.\. ?| ?\.*$")
"""What docstrings say for those who read code: people write units."""
_ABOUT = re.compile(r"^ +(\w+): (.+(?:\n {6,}.+)*)", re.MULTILINE)


class Field(NamedTuple):
    """A field of a part; ``values`` are those it can only have, where they are few."""

    name: str
    what: str
    values: tuple[str, ...]


class Call(NamedTuple):
    """A function; ``text`` is a call of it."""

    text: str
    what: str


@cache
def fields() -> dict[str, tuple[Field, ...]]:
    """The fields of each part, by its place: ``signals[]``, ``rollout.waves[]``; empty is the campaign itself."""
    return {place: tuple(_fields(model)) for place, model in PARTS.items()}


@cache
def calls() -> tuple[Call, ...]:
    """What conditions and fetches can call besides what a campaign declares."""
    known = {
        f"{name}({', '.join(one.value for one in function.parameters)}{', …' if function.more else ''})": "a number"
        for name, function in FUNCTIONS.items()
    }
    actions = {f"{name}()": "in `actions` of a fetch: asks the ECUs" for name in ACTIONS}
    return tuple(Call(text, what) for text, what in (_CALLS | known | actions).items())


def _fields(model: type[BaseModel]) -> list[Field]:
    about = {name: " ".join(text.split()) for name, text in _ABOUT.findall(inspect.getdoc(model) or "")}
    return [
        Field(name, _text(one.description or about.get(name) or _TEXTS[name]), _values(one.annotation))
        for name, one in model.model_fields.items()
    ]


def _text(about: str) -> str:
    return _INSIDE.sub("", about).replace("``", "`")


def _values(annotation: Any) -> tuple[str, ...]:
    if annotation is bool:
        return ("true", "false")
    if get_origin(annotation) is Literal:
        return tuple(str(one) for one in get_args(annotation))
    found = [_values(one) for one in get_args(annotation)]
    return next((values for values in found if values), ())
