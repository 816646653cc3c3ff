"""How many tokens a text is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

PIECE = 100_000
"""Characters that are counted at once: the vocabulary's library refuses long texts. A cut costs a token at most."""


@dataclass(frozen=True, slots=True)
class Counter:
    """`method` is how `count` does it, in words to print beside its figures."""

    method: str
    count: Callable[[str], int]


def counter() -> Counter:
    """o200k where its vocabulary is installed (PyPI's bpe-openai), else the rough measure that needs none."""
    try:
        from bpe_openai import get_encoding  # type: ignore[import-untyped,import-not-found,unused-ignore]
    except ImportError:
        return Counter("characters / 4", quarter)
    encode = get_encoding("o200k_base").encode_ordinary  # `encode` refuses a result that says <|endoftext|>
    return Counter("o200k", lambda text: sum(len(encode(piece)) for piece in _pieces(text)))


def quarter(text: str) -> int:
    """Characters divided by four: too few for JSON, which is most of what direct calls would read."""
    return (len(text) + 3) // 4


def _pieces(text: str) -> list[str]:
    return [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
