"""The call that takes another one back, from what codegen.toml pairs and what was recorded."""

from __future__ import annotations

import json

from codegen.config.undo import Source, Taken, Undo
from codegen.errors import UndoError
from codegen.journal.record import CallRecord
from codegen.journal.redact import REDACTED
from codegen.model import Json, JsonObject


def inverse_arguments(undo: Undo, call: CallRecord) -> JsonObject:
    """The arguments of the inverse. Raises UndoError that says what isn't there.

    One that stands for an argument which the call was not given is left out, too: servers fill in both alike.
    """
    return {
        name: _value(source, call)
        for name, source in undo.arguments.items()
        if not (isinstance(source, Taken) and source.origin == "arguments" and _is_left_out(source, call))
    }


def _is_left_out(taken: Taken, call: CallRecord) -> bool:
    return not taken.negated and len(taken.path) == 1 and taken.path[0] not in call.arguments


def _value(source: Source, call: CallRecord) -> Json:
    if isinstance(source, Taken):
        return _taken(source, call)
    if isinstance(source, list):
        return [_value(each, call) for each in source]
    if isinstance(source, dict):
        return {name: _value(each, call) for name, each in source.items()}
    return source


def _taken(taken: Taken, call: CallRecord) -> Json:
    if call.lost:
        raise UndoError(f"there is no `{taken}`: {call.lost}")
    value: Json = call.answer if taken.origin == "result" else call.arguments
    for part in taken.path:
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise UndoError(f"there is no `{taken}`: nothing stands at `{part}`")
    if REDACTED in json.dumps(value):
        raise UndoError(f"`{taken}` holds a secret, or a field that is not recorded")
    if not taken.negated:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UndoError(f"`{taken}` has no opposite: it is no number")
    return -value
