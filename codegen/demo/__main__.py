"""Start the shop: its database is the file `SHOP_DB` names, or one in memory that ends with the process."""

from __future__ import annotations

import os

from codegen.demo.data import open_database
from codegen.demo.server import make_server

if __name__ == "__main__":
    make_server(open_database(os.environ.get("SHOP_DB") or ":memory:")).run("stdio")
