"""Where an order is, and for whom."""

from servers.shop import check_courier, get_customer, get_order


def main(order: int) -> dict[str, str]:
    """Tell whose order it is, in which town they live, and where the courier has it."""
    customer = get_customer(customer_id=get_order(order_id=order)["customer_id"])
    courier = check_courier(order_id=order)
    return {
        "customer": customer["name"],
        "town": customer["address"]["city"],
        "state": courier["state"],
        "last_seen": courier["last_seen"],
    }
