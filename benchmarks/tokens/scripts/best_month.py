"""The month in which each category sold best."""

from servers import gather
from servers.shop import sales_summary


def main(year: int, first: int, last: int) -> dict[str, str]:
    """Compare the revenue of each category over some months of a year."""
    months = [f"{year}-{month:02}" for month in range(first, last + 1)]
    best: dict[str, tuple[float, str]] = {}
    for summary in gather(*[lambda month=month: sales_summary(month=month) for month in months]):
        for group in summary["groups"]:
            found = (group["revenue"], summary["month"])
            best[group["label"]] = max(best.get(group["label"], found), found)
    return {label: f"{month}: {revenue:.2f} EUR" for label, (revenue, month) in sorted(best.items())}
