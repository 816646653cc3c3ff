"""What JSON can say of a script's values. Standard library only, and paid by every start: nothing is imported early."""

from __future__ import annotations

import sys

from codegen.sandbox import plain_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DEEPEST = 64
_LONGEST_INT = 4096  # bits; Python refuses to print integers of more than 4300 digits
_COLLECTIONS = frozenset({"deque", "dict_keys", "dict_values", "dict_items"})
_TEXTUAL = frozenset({"Decimal", "Fraction", "UUID"})


def jsonable(value: object) -> Any:
    """What JSON can say of a value; never raises, always ends.

    Dataclasses, named tuples and models become objects, sets lists (sorted where they can be), dates ISO 8601, Decimal
    and paths text, bytes Base64, NaN and infinities null, arrays and frames lists; anything else its repr.
    """
    return _plain(value, ())


def _plain(value: Any, outer: tuple[int, ...]) -> Any:
    if value is None or value is True or value is False:
        return value
    try:
        if len(outer) > _DEEPEST or id(value) in outer:
            return "..."
        return _converted(value, (*outer, id(value)))
    except Exception:  # noqa: BLE001  # properties, iterators and conversions of the script's own classes
        return _described(value)


def _converted(value: Any, outer: tuple[int, ...]) -> Any:
    enum = sys.modules.get("enum")  # a script that has one has imported it
    if enum and isinstance(value, enum.Enum):
        return _plain(value.value, outer)
    if isinstance(value, (str, int, float)):
        return _scalar(value)
    members = _members(value)
    if members is not None:
        return {_key(key): _plain(one, outer) for key, one in members.items()}
    items = _items(value)
    if items is not None:
        return [_plain(one, outer) for one in items]
    simpler = _simpler(value)
    return _described(value) if simpler is None else _plain(simpler, outer)


def _scalar(value: Any) -> Any:
    """A plain number or text of one that may be of a subclass, or may be none that JSON has."""
    if isinstance(value, str):
        return str.__str__(value).encode("utf-8", "replace").decode()
    if isinstance(value, float):
        return float(value) if value - value == 0 else None
    return int(value) if value.bit_length() < _LONGEST_INT else hex(value)


def _members(value: Any) -> dict[Any, Any] | None:
    """What a value consists of by name, if it is made of named parts."""
    if isinstance(value, dict):
        return value
    kind = type(value)
    if hasattr(kind, "__dataclass_fields__"):
        return {name: getattr(value, name) for name in kind.__dataclass_fields__ if hasattr(value, name)}
    if callable(getattr(kind, "model_dump", None)):
        return dict(value.model_dump())
    if isinstance(value, tuple) and hasattr(kind, "_fields"):
        return dict(zip(kind._fields, value, strict=False))
    if callable(getattr(kind, "keys", None)) and hasattr(kind, "__getitem__") and not hasattr(kind, "to_dict"):
        return {key: value[key] for key in value.keys()}  # noqa: SIM118  # all that is known of it is `keys`
    return None


def _items(value: Any) -> Any:
    """What a value consists of in order, or None if it is no collection."""
    if isinstance(value, (set, frozenset)):
        try:
            return sorted(value)
        except TypeError:
            return list(value)
    is_collection = isinstance(value, (list, tuple, range)) or type(value).__name__ in _COLLECTIONS
    return list(value) if is_collection else None


def _simpler(value: Any) -> Any:
    """The value in a simpler type, or None if it is known in none."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        import base64  # rare

        return base64.b64encode(value).decode()
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    if hasattr(value, "__fspath__") or type(value).__name__ in _TEXTUAL:
        return str(value)
    if type(value).__name__ == "DataFrame":
        return value.to_dict(orient="records")
    # arrays and scalars of numpy, series of pandas
    return value.tolist() if callable(getattr(value, "tolist", None)) else None


def _key(key: Any) -> str:
    if isinstance(key, str):
        return str(_plain(key, ()))
    plain = _plain(key, ())
    return plain if isinstance(plain, str) else plain_json.dumps(plain)


def _described(value: object) -> str:
    try:
        return repr(value).encode("utf-8", "replace").decode()
    except Exception:  # noqa: BLE001  # the script's own __repr__
        return f"<{type(value).__name__}>"
