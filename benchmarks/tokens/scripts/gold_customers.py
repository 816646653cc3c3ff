"""A note with the customers of a tier."""

from servers.files import write_file
from servers.shop import list_customers


def main(tier: str, path: str) -> str:
    """Write the names and towns of a tier's customers to a file."""
    customers = list_customers(tier=tier, limit=100)["customers"]
    lines = [f"- {each['name']}, {each['address']['city']}" for each in customers]
    write_file(path=path, content="\n".join([f"# Customers, {tier}", *lines]))
    return f"{len(lines)} customers in {path}"
