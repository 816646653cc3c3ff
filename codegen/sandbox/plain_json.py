"""JSON by the interpreter's own accelerator alone, for where every import counts.

With `re` and `enum`, which it imports, `json` is half of a sandbox's cold start and a fifth of `codegen run`. And
whatever a script has beside it under the name `json`, this is none of it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    _scan: Any
    _ascii: Any
    _unicode: Any


class _Settings:
    """What `json.JSONDecoder` would tell its scanner."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int = float, int
    parse_constant = float  # NaN and the infinities by name


def _refuse(value: object) -> NoReturn:
    raise TypeError(f"{type(value).__name__} is not JSON")


try:
    from _json import encode_basestring, encode_basestring_ascii, make_encoder, make_scanner

    _scan = make_scanner(_Settings)  # type: ignore[arg-type]  # typeshed has the scanner itself there
    _ascii, _unicode = (
        make_encoder(None, _refuse, quoted, None, ": ", ", ", False, False, True)  # noqa: FBT003
        for quoted in (encode_basestring_ascii, encode_basestring)
    )
except (ImportError, TypeError):  # an interpreter that has none of it, or another
    import json

    _scan = json.JSONDecoder().raw_decode
    _ascii, _unicode = json.JSONEncoder().iterencode, json.JSONEncoder(ensure_ascii=False).iterencode


def loads(body: bytes) -> Any:
    """The value of a text. Raises ValueError, RecursionError."""
    text = body.decode("utf-8", "surrogatepass").strip(" \t\r\n")
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        raise ValueError("no value") from None
    if end != len(text):
        raise ValueError("more than one value")
    return value


def dumps(value: Any, *, ascii_only: bool = True) -> str:
    """The text of a value that consists of what JSON has. Raises TypeError, RecursionError."""
    return "".join((_ascii if ascii_only else _unicode)(value, 0))
