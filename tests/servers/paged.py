"""A server with PAGES pages (default 7) of two tools each. With LOOP=1 its last page points back to the second."""

from __future__ import annotations

import os
from typing import Any

from jsonrpc import Server, echo


class Looping(Server):
    def _page(self, cursor: str | None) -> dict[str, Any]:
        return {"nextCursor": "page-1", **super()._page(cursor)}


if __name__ == "__main__":
    pages = [
        [{"name": f"page_{page}_{half}", "inputSchema": {"type": "object"}} for half in ("a", "b")]
        for page in range(int(os.environ.get("PAGES", "7")))
    ]
    (Looping if os.environ.get("LOOP") else Server)("paged", pages, echo).run()
