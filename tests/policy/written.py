"""Rules and arguments as people and models might write them."""

from __future__ import annotations

from hypothesis import strategies as st

from codegen.config.policy import Condition, Rule

KEYS = st.sampled_from(["a", "b", "0", "*"])
NUMBERS = st.integers(-3, 3) | st.floats() | st.sampled_from([10**400, -(2**70)])
SCALARS = st.none() | st.booleans() | NUMBERS | st.sampled_from(["", "a", "ab", "1", "\ud83d", "a\n"])
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
ARGUMENTS = st.dictionaries(KEYS, JSON, max_size=4)
VALUES = st.recursive(
    st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "ab"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=3,
)
BOUNDS = st.integers(-2, 2) | st.floats(-2, 2)
TESTS = st.one_of(
    st.tuples(st.just("equals"), VALUES),
    st.tuples(st.just("one_of"), st.lists(VALUES, min_size=1, max_size=3)),
    st.tuples(st.just("matches"), st.sampled_from(["*", "a*", "/^a/", "/(?i)B$/"])),
    st.tuples(st.sampled_from(["above", "below", "at_least", "at_most"]), BOUNDS),
    st.tuples(st.just("present"), st.just(True)),
)
CONDITIONS = st.builds(
    Condition,
    path=st.lists(KEYS, min_size=1, max_size=3).map(tuple),
    tests=st.just((("present", False),)) | st.lists(TESTS, min_size=1, max_size=2, unique_by=lambda t: t[0]).map(tuple),
)
RULES = st.builds(
    Rule,
    number=st.just(1),
    decision=st.sampled_from(["allow", "deny", "ask"]),
    server=st.sampled_from(["*", "shop", "s?op", "other"]),
    tool=st.sampled_from(["*", "pay", "p*", "drop"]),
    hints=st.lists(st.sampled_from(["reads", "writes", "open_world"]), max_size=2).map(tuple),
    arguments=st.lists(CONDITIONS, max_size=2).map(tuple),
)
