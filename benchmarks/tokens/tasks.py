"""The tasks: what a person asks, what an agent looks for, and the script that answers it (scripts/NAME.py, really run).

`rounds` are the turns of an agent that calls the same tools one by one: all that don't wait for another's answer are
made side by side, so that fewer turns could not do. The gold tools of a task are those of its rounds.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

SCRIPTS = Path(__file__).with_name("scripts")


@dataclass(frozen=True)
class Task:
    """`words` follow the script's name on the command line, {home} stands for the folder of the fixtures.

    `slip` is a mistake that the check refuses (right, wrong); `answer` is what the agent says at the end.
    """

    name: str
    asks: str
    queries: tuple[str, ...]
    rounds: tuple[tuple[str, ...], ...]
    slip: tuple[str, str]
    answer: str
    words: tuple[str, ...] = ()

    @property
    def script(self) -> str:
        if self.name == "overdue_report":
            return (files("codegen.demo") / "overdue_report.py.txt").read_text(encoding="utf-8")
        return (SCRIPTS / f"{self.name}.py").read_text(encoding="utf-8")

    @property
    def gold(self) -> tuple[str, ...]:
        """`server.tool` of every tool that is needed."""
        return tuple(dict.fromkeys(tool for each in self.rounds for tool in each))


def queries_of(task: Task) -> tuple[str, ...]:
    """What an agent with our search asks for: all of it, in the person's words, since it may have been saved; then the
    parts.
    """
    return (task.asks, *task.queries)


TASKS = (
    Task(
        "stock_of_one",
        "How many pieces of LI-101 can we sell right now?",
        ("stock of a product",),
        (("shop.get_stock",),),
        ("sku=", "product="),
        "4 pieces of LI-101 can be sold right now.",
        ("sku=LI-101",),
    ),
    Task(
        "who_knows",
        "Who in the team knows about Postgres? It is in the knowledge graph.",
        ("read the knowledge graph",),
        (("memory.read_graph",),),
        ("read_graph()", "read_graph(query=subject)"),
        "Ada, Rosa, Oskar and Kofi know Postgres.",
        ("subject=Postgres",),
    ),
    Task(
        "gold_customers",
        "Put all gold customers with their towns into a note called gold.md.",
        ("list customers of a tier", "write a file"),
        (("shop.list_customers",), ("files.write_file",)),
        ("limit=", "count="),
        "gold.md has the four gold customers with their towns.",
        ("tier=gold", "path={home}/notes/gold.md"),
    ),
    Task(
        "open_questions",
        "Which questions are still open in my notes? They are marked TODO.",
        ("list the files of a folder", "read many files at once"),
        (("files.list_directory",), ("files.read_multiple_files",)),
        ("path=folder", "folder=folder"),
        "Four questions are open, each in three notes: heavy parcels, Greek letters, inventory, certificate.",
        ("folder={home}/notes",),
    ),
    Task(
        "where_is_order",
        "Where is order 1045, and whose is it?",
        ("get an order", "customer's address", "where is a parcel"),
        (("shop.get_order", "shop.check_courier"), ("shop.get_customer",)),
        ("get_order(order_id=", "get_order(id="),
        "order 1045 is the customer's in Basel; the courier has delivered it.",
        ("order=1045",),
    ),
    Task(
        "best_month",
        "In which month, May to October 2026, did each category sell best?",
        ("sales by month and category",),
        (("shop.sales_summary",),),
        ("sales_summary(month=", "sales_summary(period="),
        "Garden and kitchen sold best in September, lighting in August, office in October.",
        ("year=2026", "first=5", "last=10"),
    ),
    Task(
        "tell_the_late",
        "Tell every customer with an overdue shipped order that we are sorry; by letter if e-mail doesn't work.",
        ("today in the shop", "orders by status", "send a message to a customer"),
        (("shop.shop_info", "shop.list_orders"), ("shop.send_message",)),
        ("list_orders(status=", "list_orders(state="),
        "Seven customers were told, by e-mail where they have an address.",
    ),
    Task(
        "lines_by_author",
        "Who changed how many lines in the last ten commits?",
        ("commit history", "contents of a commit"),
        (("git.git_log",), ("git.git_show",)),
        ("git_log(repo_path=", "git_log(path="),
        "Rosa changed 22 lines, Ada 20, Ivo 18.",
        ("repository={home}/repository",),
    ),
    Task(
        "sold_out",
        "Which products are sold out with no delivery planned?",
        ("list all products", "stock of a product"),
        (("shop.search_products",), ("shop.get_stock",)),
        ("get_stock(sku=", "get_stock(product="),
        "Five are sold out with no delivery planned: KI-103, LI-103, OF-104, GA-103 and OF-103.",
    ),
    Task(
        "overdue_report",
        "Which orders are late, what are they worth, and what holds them up?",
        ("orders of a customer", "is it in stock", "ask the courier", "list customers", "today in the shop"),
        (
            ("shop.shop_info", "shop.list_customers"),
            ("shop.list_orders",),
            ("shop.check_courier", "shop.get_stock"),
        ),
        ("list_customers(limit=", "list_customers(count="),
        "16 of 120 orders are late, worth 5,641.34 EUR; 6 wait for stock, 3 are ready to pack.",
    ),
)
"""In the order of how many calls they make."""
