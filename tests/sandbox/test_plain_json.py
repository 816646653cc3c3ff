from __future__ import annotations

import json
import math

import pytest

from codegen.sandbox import plain_json

VALUES = [
    None,
    [True, False, 0, -1, 2**70, 1.5, 1e300],
    {"a": {"b": [{}, []]}, "": "", 'é\n\t"\\\x00': "\u2028 😀"},
    "half a pair: \ud83d",
]


@pytest.mark.parametrize("value", VALUES, ids=type)
def test_it_writes_what_json_writes_and_reads_what_json_reads(value):
    assert plain_json.dumps(value) == json.dumps(value)
    assert plain_json.loads(json.dumps(value).encode()) == value
    assert plain_json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) == value


def test_numbers_that_json_only_names_are_read():
    low, high, none = plain_json.loads(b"[-Infinity, Infinity, NaN]")
    assert (low, high) == (-math.inf, math.inf)
    assert math.isnan(none)


def test_what_is_no_json_is_not_written():
    with pytest.raises(TypeError, match="set is not JSON"):
        plain_json.dumps({1})


@pytest.mark.parametrize("text", [b"{", b'"a', b"[1,]", b"nothing"])
def test_what_is_no_json_is_not_read(text):
    with pytest.raises((ValueError, StopIteration)):
        plain_json.loads(text)
