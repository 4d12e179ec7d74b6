"""``/v1/campaigns/read`` and ``/v1/campaign-language``: campaigns as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from kaido.api.auth import Reader, Rooms  # noqa: TC001  # FastAPI reads annotations
from kaido.api.campaign_checks import CheckOut, check
from kaido.errors import KaidoError

if TYPE_CHECKING:
    from kaido.control.text import Place
    from kaido.expressions import Expression

router = APIRouter(tags=["campaigns"])

MOST_CHARACTERS = 256_000


class Text(BaseModel):
    """A campaign as YAML."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=MOST_CHARACTERS, examples=["name: speed\nsignals: [Vehicle.Speed]\nperiod: 1s\n"])


class MistakeOut(BaseModel):
    """What is wrong in a text, and where."""

    what: str
    why: str
    fix: str
    field: str = Field(description="The path of the field: `signals[2].window`; empty where that is not known.")
    line: int = Field(description="From 1; so is the column.")
    column: int
    length: int = Field(description="Characters of that line that it is about.")

    @classmethod
    def of(cls, error: KaidoError, place: Place | None) -> Self:
        """As the API shows it."""
        line, column, length = place or (1, 1, 1)
        return cls(
            what=error.what, why=error.why, fix=error.fix, field=error.field, line=line, column=column, length=length
        )


class TreeOut(BaseModel):
    """A condition, taken apart at its `and`, `or` and `not`."""

    text: str
    operator: str | None = Field(description="`and`, `or`, `not`; null for what cannot be taken apart.")
    of: list[TreeOut]


class ConditionOut(BaseModel):
    """A condition of a campaign, as it was understood."""

    field: str = Field(description="Its path: `condition`, `partitions[0].upload`.")
    text: str
    tree: TreeOut


class ReadOut(BaseModel):
    """What a text says."""

    document: dict[str, Any] | None = Field(description="As JSON; null where it is no YAML.")
    mistake: MistakeOut | None = Field(description="The first thing that is wrong; null: it makes sense.")
    check: CheckOut | None = Field(description="What it would be; null where something is wrong.")
    conditions: list[ConditionOut]


class FieldOut(BaseModel):
    """A field that can be written."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    what: str
    values: list[str] = Field(description="Those that it can have, where they are few.")


class CallOut(BaseModel):
    """A function that conditions can call."""

    model_config = ConfigDict(from_attributes=True)

    text: str
    what: str


class LanguageOut(BaseModel):
    """What can be written in a campaign."""

    fields: dict[str, list[FieldOut]] = Field(
        description="By the place of their mapping: `signals[]`, `rollout.waves[]`; the campaign's own under ``."
    )
    calls: list[CallOut]


@router.post("/campaigns/read", summary="Read a campaign's YAML")
def read(text: Text, caller: Reader, rooms: Rooms) -> ReadOut:
    """What it says, whether that makes sense, and where it does not: for editors. Nothing is kept."""
    from kaido.control.text import TextError, read_text  # noqa: PLC0415  # the catalog is heavy; most commands do without

    try:
        found = read_text(text.text)
    except TextError as error:
        return ReadOut(document=None, mistake=MistakeOut.of(error, error.place), check=None, conditions=[])
    conditions: list[ConditionOut] = []
    try:
        checked = check(found.document, caller, rooms)
        conditions = _conditions(found.document)
    except KaidoError as error:
        mistake = MistakeOut.of(error, found.place(error))
        return ReadOut(document=found.document, mistake=mistake, check=None, conditions=conditions)
    return ReadOut(document=found.document, mistake=None, check=checked, conditions=conditions)


@router.get("/campaign-language", summary="What can be written in a campaign")
def language(caller: Reader) -> LanguageOut:
    """The fields of each part, and the functions of conditions: for editors that complete. Signals: the catalog."""
    from kaido.control.language import calls, fields  # noqa: PLC0415  # as above

    del caller
    return LanguageOut(
        fields={place: [FieldOut.model_validate(one) for one in found] for place, found in fields().items()},
        calls=[CallOut.model_validate(one) for one in calls()],
    )


def _conditions(document: dict[str, Any]) -> list[ConditionOut]:
    from kaido.control import read_spec  # noqa: PLC0415  # as above
    from kaido.expressions import show  # noqa: PLC0415  # as above

    found = read_spec(document).conditions()
    return [ConditionOut(field=field, text=show(one), tree=_tree(one)) for field, one in found]


def _tree(expression: Expression) -> TreeOut:
    from kaido.expressions import show  # noqa: PLC0415  # as above
    from kaido.expressions.syntax import LOGIC, Binary, Not, chain  # noqa: PLC0415  # as above

    if isinstance(expression, Binary) and expression.operator in LOGIC:
        parts = [_tree(one) for one in chain(expression)]
        return TreeOut(text=show(expression), operator=expression.operator, of=parts)
    if isinstance(expression, Not):
        return TreeOut(text=show(expression), operator="not", of=[_tree(expression.operand)])
    return TreeOut(text=show(expression), operator=None, of=[])
