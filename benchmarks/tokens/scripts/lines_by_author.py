"""Who changed how much in the last commits of a repository."""

from collections import Counter

from servers import gather
from servers.git import git_log, git_show


def main(repository: str, commits: int = 10) -> dict[str, int]:
    """Count the lines that each author added or took away."""
    log = str(git_log(repo_path=repository, max_count=commits))
    revisions = [line.split()[1] for line in log.splitlines() if line.startswith("Commit: ")]
    changed: Counter[str] = Counter()
    for shown in gather(*[lambda r=r: git_show(repo_path=repository, revision=r) for r in revisions]):
        lines = str(shown).splitlines()
        author = next(line.removeprefix("Author: ") for line in lines if line.startswith("Author: "))
        changed[author] += sum(line[:1] in "+-" and line[:3] not in ("+++", "---") for line in lines if line)
    return dict(sorted(changed.items()))
