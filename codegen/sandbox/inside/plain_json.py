"""JSON by the interpreter's own accelerator alone: with `re` and `enum`, which it imports, `json` is half a cold start.

And whatever a script has beside it under the name `json`, this is none of it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


class _Settings:
    """What `json.JSONDecoder` would tell its scanner."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float, parse_int = float, int
    parse_constant = float  # NaN and the infinities by name


def _refuse(value: object) -> NoReturn:
    raise TypeError(f"{type(value).__name__} is not JSON")


_scan: Any
_chunks: Any
try:
    from _json import encode_basestring_ascii, make_encoder, make_scanner

    _scan = make_scanner(_Settings)  # type: ignore[arg-type]  # typeshed has the scanner itself there
    _chunks = make_encoder(None, _refuse, encode_basestring_ascii, None, ": ", ", ", False, False, True)  # noqa: FBT003
except (ImportError, TypeError):  # an interpreter that has none of it, or another
    import json

    _scan = json.JSONDecoder().raw_decode
    _chunks = json.JSONEncoder().iterencode


def loads(text: bytes) -> Any:
    """The value of a text that `dumps` or `json.dumps` wrote."""
    return _scan(text.decode("utf-8", "surrogatepass"), 0)[0]


def dumps(value: Any) -> str:
    """The text of a value that consists of what JSON has."""
    return "".join(_chunks(value, 0))
