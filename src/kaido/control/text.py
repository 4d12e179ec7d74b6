"""A campaign as YAML: read with the place of everything in it, and written."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from kaido.errors import InvalidInputError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kaido.control.spec import CampaignSpec
    from kaido.errors import KaidoError

MOST_CHARACTERS = 256_000
"""Beyond it a text takes seconds to read; ``POST /v1/campaigns`` takes longer documents as JSON."""

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_WORD = re.compile(r"[\w.]+|\S|$")
_NAMED = re.compile(r"`(\w+)`|\b(\w+)\b")


class Place(NamedTuple):
    """Where something stands in a text: line and column from 1, and how many characters of that line it takes."""

    line: int
    column: int
    length: int


@dataclass(frozen=True)
class CampaignText:
    """A text that is YAML.

    Attributes:
        text: the text.
        document: what it says, as JSON: the times that YAML knows are written out.
        root: its nodes, which know where they stand.
    """

    text: str
    document: dict[str, Any]
    root: yaml.Node

    def place(self, error: KaidoError) -> Place:
        """Where the thing stands that an error is about; the beginning where nobody knows."""
        key, value = self._nodes(error.field or self._named(error))
        if error.column is not None and isinstance(value, yaml.ScalarNode):
            return self._inside(value, error.column - 1)
        start = (key or value).start_mark
        end = value.end_mark if value.end_mark.line == start.line else (key or value).end_mark
        length = end.column - start.column if end.line == start.line else len(self._line(start.line)) - start.column
        return Place(start.line + 1, start.column + 1, max(length, 1))

    def _named(self, error: KaidoError) -> str:
        """The first field of the document that the words of an error name."""
        words = (quoted or plain for quoted, plain in _NAMED.findall(error.why))
        return next((word for word in words if word in self.document), "")

    def _nodes(self, field: str) -> tuple[yaml.Node | None, yaml.Node]:
        """The key and the value of a field, or of the nearest thing around it."""
        key: yaml.Node | None = None
        value = self.root
        for name, number in _STEP.findall(field):
            if isinstance(value, yaml.SequenceNode) and number and int(number) < len(value.value):
                key, value = None, value.value[int(number)]
            elif isinstance(value, yaml.MappingNode):
                found = next((pair for pair in value.value if pair[0].value == name), None)
                if found is None:
                    break
                key, value = found
            else:  # a list may be written as one thing
                break
        return key, value

    def _inside(self, node: yaml.ScalarNode, offset: int) -> Place:
        """A place in the text of a scalar: its lines are joined by one space each, its indentation is none of it."""
        line, column = node.start_mark.line, node.start_mark.column
        is_block = node.style in {"|", ">"}
        if is_block:
            line, column = line + 1, -1
        elif node.style is not None:
            column += 1
        indent = self._indent(line)
        while True:
            content = self._line(line)
            start = column if column >= 0 else min(indent, len(content)) if is_block else self._indent(line)
            room = len(content.rstrip()) - start
            if offset <= room or line >= node.end_mark.line:
                at = start + min(offset, max(room, 0))
                word = _WORD.match(content, at)
                return Place(line + 1, at + 1, max(len(word[0]) if word else 1, 1))
            offset -= room + 1
            line, column = line + 1, -1

    def _indent(self, number: int) -> int:
        content = self._line(number)
        return len(content) - len(content.lstrip())

    def _line(self, number: int) -> str:
        lines = self.text.splitlines()
        return lines[number] if number < len(lines) else ""


class TextError(InvalidInputError):
    """A text that is no YAML, or no mapping."""

    place: Place | None = None

    @classmethod
    def of(cls, why: str, mark: yaml.Mark | None, fix: str = "") -> TextError:
        """The error at a place of the text."""
        found = cls("the campaign is not YAML", why=why, fix=fix)
        found.place = Place(mark.line + 1, mark.column + 1, 1) if mark is not None else None
        return found


def read_text(text: str) -> CampaignText:
    """The document in a text.

    Raises:
        TextError: it is no YAML, says a field twice or is no mapping; the error knows where.
        TooLargeError: it is longer than ``MOST_CHARACTERS``.
    """
    if len(text) > MOST_CHARACTERS:
        raise TooLargeError("the campaign is too long", why=f"at most {MOST_CHARACTERS:,} characters are taken")
    loader: _Loader | None = None
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if not isinstance(root, yaml.MappingNode):
            fix = "It is a mapping: name, signals, period …"
            raise TextError.of("it holds no fields", root.start_mark if root is not None else None, fix)
        for key in _repeated(root):
            raise TextError.of(f"`{key.value}` is said twice", key.start_mark, "Leave one of them out")
        document = json.loads(json.dumps(loader.construct_document(root), default=_written))
    except yaml.MarkedYAMLError as error:
        raise TextError.of(error.problem or "it cannot be read", error.problem_mark) from error
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        raise TextError.of(" ".join(str(error).split())[:200], None) from error
    finally:
        if loader is not None:
            loader.dispose()
    return CampaignText(text, document, root)


def written(spec: CampaignSpec) -> str:
    """A campaign as YAML, without what it is by itself."""
    document = spec.model_dump(mode="json", exclude_defaults=True)
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


class _Loader(yaml.SafeLoader):
    """Takes no aliases: a few lines of them mean more than any memory holds."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # the stubs say nothing of it
            raise yaml.MarkedYAMLError(problem="aliases (`*name`) are not taken: write it out", problem_mark=mark)
        found: yaml.Node | None = super().compose_node(parent, index)
        return found


def _repeated(node: yaml.Node) -> Iterator[yaml.Node]:
    """Keys that stand twice in one mapping."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                yield key
            seen.add(str(key.value))
            yield from _repeated(value)
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _repeated(one)


def _written(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} cannot be said in JSON")
