"""Who knows a subject, by the knowledge graph."""

from servers.memory import read_graph


def main(subject: str) -> list[str]:
    """List the people with a relation `knows` to a subject."""
    return [
        each["from"] for each in read_graph()["relations"] if (each["relationType"], each["to"]) == ("knows", subject)
    ]
