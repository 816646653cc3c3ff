"""`codegen serve` for clients under test: scripts that they run, and a server over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from conftest import Commands

LOOK = '''from servers.ledger import get


def main(key: str = "a") -> str:
    """Get a value."""
    return get(key=key)
'''
ERASE = "from servers.ledger import erase\ndef main(): return [erase(key=key) for key in ('x', 'y')]"
TOKEN = "a token for this test"


@contextmanager
def over_http(ledger: Commands) -> Iterator[str]:
    """The address of a server on loopback that wants TOKEN."""
    ledger.environment["CODEGEN_SERVE_TOKEN"] = TOKEN
    server = ledger.start("serve", "--http", "--port", "0")
    assert server.stderr is not None
    try:
        yield server.stderr.readline().strip()
    finally:
        server.terminate()
        server.communicate()
