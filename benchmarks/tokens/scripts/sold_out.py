"""Products that can't be sold now and that nobody has ordered more of."""

from servers import gather
from servers.shop import get_stock, search_products


def main() -> list[str]:
    """List products with nothing available and no delivery planned."""
    products = search_products()
    stocks = gather(*[lambda sku=product["sku"]: get_stock(sku=sku) for product in products])
    return [f"{stock['sku']} {stock['name']}" for stock in stocks if not stock["available"] and not stock["restock_on"]]
