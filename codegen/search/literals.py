"""A request without its literals: what kind of thing a path or a URL is finds a tool, its spelling finds noise."""

from __future__ import annotations

_STRIPPED = "\"'`.,;:!?()[]{}<>*“”‘’«»、。！？"  # noqa: RUF001  # quotes as people type them


def without_literals(query: str) -> str:
    """The query with URLs, addresses and paths named by their kind, and numbers left out. Quoted words stay."""
    return " ".join([_plain(word) for word in query.split()])


def _plain(word: str) -> str:
    bare = word.strip(_STRIPPED)
    if not bare:
        return ""
    if "://" in bare or bare.startswith("www."):
        return "url"
    if "@" in bare[1:-1] and "." in bare:
        return "email"
    if _is_path(bare):
        return f"file {_extension(bare)}"
    return word if any(char.isalpha() for char in bare) else ""


def _is_path(bare: str) -> bool:
    if bare.startswith(("/", "~/", "./", "../")) or bare[1:3] == ":\\":
        return len(bare) > 1
    return bool(_extension(bare))


def _extension(bare: str) -> str:
    """`csv` of `data/report.csv`, else nothing: what follows the dot is short, and common enough to be known."""
    ending = bare.rpartition(".")[2].lower()
    return ending if ending != bare.lower() and ending in _EXTENSIONS else ""


_EXTENSIONS = frozenset(
    """csv tsv json jsonl xml yaml yml toml ini txt md rst html htm pdf doc docx xls xlsx ppt pptx odt ods rtf png jpg
    jpeg gif svg webp bmp tiff mp3 mp4 wav flac ogg avi mov mkv webm zip tar gz tgz bz2 7z rar py tsx jsx rs
    cpp java kt rb php sh sql db sqlite log ipynb parquet epub bin exe iso tex env lock""".split()  # noqa: SIM905  # readable
)
