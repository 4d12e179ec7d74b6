"""A catalog, and random trees over it."""

from __future__ import annotations

from hypothesis import strategies as st

from kaido.catalog.units import names
from kaido.catalog.vss import standard
from kaido.expressions import Function, Type
from kaido.expressions.model import FUNCTIONS
from kaido.expressions.syntax import (
    ARITHMETIC,
    COMPARISONS,
    LOGIC,
    WINDOW_FUNCTIONS,
    Binary,
    Call,
    Expression,
    IsNull,
    Member,
    Not,
    Number,
    Signal,
    Text,
    Truth,
    Window,
)

CATALOG = {signal.path: signal for signal in standard()}
GEOFENCE = Function((Type.NUMBER, Type.NUMBER, Type.STRING))
DECLARED = {**FUNCTIONS, "in_geofence": GEOFENCE}

paths = st.sampled_from([*list(CATALOG)[:20], "#17", "not", "a b", "is_null", "Vehicle.1", "é"])
numbers = st.one_of(  # nan and infinity have no unit: nothing could be written behind them
    st.builds(Number, st.floats()),
    st.builds(Number, st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(names())),
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
leaves = st.one_of(
    numbers,
    st.builds(Text, texts),
    st.builds(Truth, st.booleans()),
    st.builds(Signal, paths),
    st.builds(Member, paths, st.lists(st.integers(0, 2**32 - 1), max_size=3).map(tuple)),
    st.builds(Window, st.sampled_from(WINDOW_FUNCTIONS), paths),
)
calls = st.sampled_from(["f", "is_null", "IS_NULL", "and", "custom", "a.b", "last_window_min", "a b"]) | texts.filter(
    bool
)


def _grown(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    return st.one_of(
        st.builds(Binary, st.sampled_from([*LOGIC, *COMPARISONS, *ARITHMETIC]), inner, inner),
        st.builds(Not, inner),
        st.builds(IsNull, inner),
        st.builds(Call, calls, st.lists(inner, max_size=3).map(tuple)),
    )


trees: st.SearchStrategy[Expression] = st.recursive(leaves, _grown, max_leaves=25)
"""Trees of every shape, most of which make no sense."""
