"""The open questions of all notes in a folder."""

from servers.files import list_directory, read_multiple_files


def main(folder: str) -> list[str]:
    """List the lines that begin with TODO."""
    names = [line.removeprefix("[FILE] ") for line in list_directory(path=folder)["content"].splitlines()]
    texts = read_multiple_files(paths=[f"{folder}/{name}" for name in names if name.endswith(".md")])["content"]
    return [line.removeprefix("TODO ") for line in texts.splitlines() if line.startswith("TODO ")]
