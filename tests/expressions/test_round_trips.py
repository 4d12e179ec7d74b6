"""Text, tree and wire: each gives the others, whatever the tree means."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from kaido.catalog.units import names
from kaido.errors import InvalidInputError, KaidoError
from kaido.expressions import MAX_DEPTH, MAX_NODES, depth, from_wire, parse, show, to_wire
from kaido.expressions.limits import MAX_CHARACTERS, within_limits
from kaido.expressions.syntax import Binary, Call, Expression, Not, Number, Signal, Text
from kaido.wire import kaido_wire_pb2 as pb
from tests.expressions.trees import CATALOG, trees

IDS = {path: number for number, path in enumerate([*CATALOG, "not", "a b", "is_null", "Vehicle.1", "é"], 1)}
PATHS = {number: path for path, number in IDS.items()}


def fits(tree: Expression) -> bool:
    try:
        within_limits(tree)
    except InvalidInputError:
        return False
    return True


@given(trees.filter(fits))
def test_what_is_shown_can_be_read_again(tree: Expression) -> None:
    assert parse(show(tree)) == tree


@given(trees.filter(fits))
def test_what_is_sent_can_be_read_again(tree: Expression) -> None:
    try:
        message = to_wire(tree, IDS)
    except InvalidInputError as error:  # a unit: the wire has none
        assert "unit" in str(error)  # noqa: PT017  # most trees have none
        return
    found = from_wire(message, PATHS)
    assert to_wire(found, IDS) == message
    assert show(parse(show(found))) == show(found)
    unnamed = from_wire(message, {})
    assert parse(show(unnamed)) == unnamed
    assert to_wire(unnamed, {}) == message


@pytest.mark.parametrize("unit", names())
def test_every_unit_can_be_written(unit: str) -> None:
    assert parse(f"Vehicle.Speed > 5 {unit}") == Binary(">", Signal("Vehicle.Speed"), Number(5, unit))
    assert parse(show(Number(-0.5, unit))) == Number(-0.5, unit)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        tree = parse(text)
    except KaidoError:
        return
    assert parse(show(tree)) == tree


WORDS = (
    "( ) ( ) [ ] , + - * / < > <= == != = and or not is_null( last_window_avg( f( custom( 'a' \"b\" 5 .5 1e9 60km/h x "
    "Vehicle.Speed `a b` #3 true nan infinity ! && ` ' \\ é 5m/s^2 1e999"
)
words = st.sampled_from(WORDS.split())


@given(st.lists(words, max_size=20).map(" ".join))
def test_any_words_are_read_or_refused(text: str) -> None:
    try:
        tree = parse(text)
    except KaidoError:
        return
    assert parse(show(tree)) == tree


@given(trees.filter(fits), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=3), st.binary())
def test_any_bytes_of_the_wire_are_read_or_refused(
    tree: Expression, changes: list[tuple[int, int]], rest: bytes
) -> None:
    try:
        content = bytearray(to_wire(tree, IDS).SerializeToString())
    except InvalidInputError:
        content = bytearray()
    for place, byte in changes:
        if content:
            content[place % len(content)] = byte
    try:
        message = pb.ConditionNode.FromString(bytes(content) + rest)
    except DecodeError:
        return
    try:
        tree = from_wire(message, {})
    except KaidoError:
        return
    assert parse(show(tree)) == tree


@pytest.mark.parametrize(
    ("node", "says"),
    [
        (pb.ConditionNode(), "one of its nodes is empty"),
        (pb.ConditionNode(function=pb.NodeFunction()), "a function of it is empty"),
        (pb.ConditionNode(operator=pb.NodeOperator()), "one of its nodes is empty"),
        (pb.ConditionNode(operator=pb.NodeOperator(operator=99)), "kind of operator that is not known: 99"),  # type: ignore[arg-type]  # a foreign cloud's
        (
            pb.ConditionNode(function=pb.NodeFunction(window=pb.WindowFunction(window_type=77))),  # type: ignore[arg-type]  # a foreign cloud's
            "kind of window that is not known: 77",
        ),
        (pb.ConditionNode(function=pb.NodeFunction(custom=pb.CustomFunction())), "a custom function has no name"),
    ],
)
def test_trees_that_nobody_can_read_are_told(node: pb.ConditionNode, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        from_wire(node, {})


def deep(levels: int) -> pb.ConditionNode:
    node = pb.ConditionNode(bool_value=True)
    for _ in range(levels):
        node = pb.ConditionNode(operator=pb.NodeOperator(left=node, operator=pb.NodeOperator.NOT))
    return node


def test_depth_has_an_end() -> None:
    tree = from_wire(deep(MAX_DEPTH - 1), {})
    assert depth(tree) == MAX_DEPTH
    assert parse(show(tree)) == tree
    for refused in (
        lambda: from_wire(deep(MAX_DEPTH), {}),
        lambda: parse("not " * MAX_DEPTH + "true"),
        lambda: parse("(" * 20_000),
        lambda: parse("-" * 20_000 + "x"),
        lambda: parse("is_null(" * 10_000),
        lambda: parse("+".join(["1"] * 40)),
        lambda: show(Not(tree)),
        lambda: to_wire(Not(tree), {}),
    ):
        with pytest.raises(InvalidInputError, match="too deep"):
            refused()


def test_a_deep_tree_survives_protobuf_in_a_scheme() -> None:
    tree: Expression = Signal("#1")
    while depth(tree) < MAX_DEPTH:
        tree = Call("f", (tree,))
    schemes = pb.CollectionSchemes()
    schemes.collection_schemes.add().condition_based.condition_tree.CopyFrom(to_wire(tree, {}))
    read = pb.CollectionSchemes.FromString(schemes.SerializeToString())
    assert from_wire(read.collection_schemes[0].condition_based.condition_tree, {}) == tree


def test_size_has_an_end() -> None:
    with pytest.raises(InvalidInputError, match="more than 1,000 parts"):
        parse(" or ".join(["x"] * MAX_NODES))
    with pytest.raises(InvalidInputError, match="at most 100,000 are read"):
        parse(" " * (MAX_CHARACTERS + 1))
    with pytest.raises(InvalidInputError, match="too long"):
        from_wire(pb.ConditionNode(string_value="x" * MAX_CHARACTERS), {})
    many = pb.CustomFunction(function_name="f", params=[pb.ConditionNode(bool_value=True)] * MAX_NODES)
    with pytest.raises(InvalidInputError, match="more than 1,000 parts"):
        from_wire(pb.ConditionNode(function=pb.NodeFunction(custom=many)), {})


def test_long_chains_are_flat() -> None:
    text = " or ".join(f"Vehicle.A{number}" for number in range(500))
    tree = parse(text)
    assert depth(tree) == 10
    assert show(tree) == text
    grouped = Binary("or", Binary("or", Signal("a"), Signal("b")), Binary("or", Signal("c"), Signal("d")))
    assert parse("a or b or c or d") == grouped
    left = Binary("or", Binary("or", Binary("or", Signal("a"), Signal("b")), Signal("c")), Signal("d"))
    assert show(left) == "(a or b or c) or d"


@pytest.mark.parametrize(
    "tree",
    [
        Signal("#4294967296"),
        Number(1, "km"),
        Signal("Vehicle.Nothing"),
    ],
)
def test_what_the_wire_cannot_say_is_refused(tree: Expression) -> None:
    with pytest.raises(InvalidInputError):
        to_wire(tree, IDS)


def test_paths_that_cannot_be_written_are_shown_by_their_ids() -> None:
    for path in ("a`b", "", "#5", "a\nb"):
        assert from_wire(pb.ConditionNode(signal_id=3), {3: path}) == Signal("#3")


def test_what_is_written_counts() -> None:
    assert Number(float("nan")) == Number(float("nan"))
    assert Number(0.0) != Number(-0.0)
    assert len({Number(1), Number(1.0), Number(1, "km")}) == 2
    assert parse("'it\\'s \"so\"'") == Text('it\'s "so"')
