"""How many pieces of a product can be sold."""

from servers.shop import get_stock


def main(sku: str) -> int:
    """Count the pieces of a product that are on hand and not reserved."""
    return get_stock(sku=sku)["available"]
