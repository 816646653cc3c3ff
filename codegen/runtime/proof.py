"""Both sides of the broker's door show that they have its token, and neither sends it."""

from __future__ import annotations

import os

BROKER, AGENT = "broker", "agent"


def challenge() -> str:
    """A text that nobody has answered before."""
    return os.urandom(16).hex()


def proof(token: str, who: str, asked: str) -> str:
    """The answer of `who` to the other side's challenge."""
    import hmac

    return hmac.digest(token.encode(), f"{who} {asked}".encode(), "sha256").hex()


def is_proof(given: object, token: str, who: str, asked: str) -> bool:
    import hmac

    return isinstance(given, str) and given.isascii() and hmac.compare_digest(given, proof(token, who, asked))
