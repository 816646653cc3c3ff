"""Plain words are read as argparse reads them; the others are argparse's."""

from __future__ import annotations

import pytest

from codegen.cli import approve, describe, run, search, skills

PLAIN = [
    (search, ["open an issue"]),
    (search, ["a", "b", "-k", "3", "--server", "shop", "--detail", "path", "--json"]),
    (search, ["--workspace", "x", "-s", "shop", "a"]),
    (describe, ["shop.get_stock", "--detail", "full"]),
    (run, ["scripts/a.py"]),
    (run, ["-"]),
    (run, ["--time-limit", "2.5", "--no-check", "--sandbox", "native", "scripts/a.py", "--json"]),
    (run, ["-c", "print(1)"]),
    (run, []),
    (search, []),
]
NOT_PLAIN = [
    (search, ["a", "-k=3"]),
    (search, ["-k3", "a"]),
    (search, ["a", "--det", "path"]),
    (run, ["--time-limit", "-1", "a.py"]),
]
WRONG = [
    (search, ["a", "-k", "many"]),
    (search, ["a", "--detail", "all"]),
    (search, ["a", "-k", "3", "b"]),
    (search, ["a", "-k"]),
    (describe, ["a", "--colour"]),
    (run, ["a.py", "b.py"]),
    (run, ["-c", "--json"]),
]


@pytest.mark.parametrize(("verb", "words"), PLAIN + NOT_PLAIN, ids=str)
def test_words_mean_what_they_mean_to_argparse(verb, words):
    line = verb._LINE
    assert vars(line.read(words)) == vars(line._parser().parse_args(words))


@pytest.mark.parametrize(("verb", "words"), NOT_PLAIN + WRONG, ids=str)
def test_only_plain_words_are_read_without_argparse(verb, words):
    with pytest.raises(ValueError):
        verb._LINE._plain(words)


@pytest.mark.parametrize(("verb", "words"), WRONG, ids=str)
def test_mistakes_end_the_command_as_argparse_ends_it(verb, words, capsys):
    with pytest.raises(SystemExit) as ended:
        verb._LINE.read(words)
    assert ended.value.code == 2
    assert "usage: codegen" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("verb", "words", "said"),
    [
        (run, ["a.py", "--time-limt", "5"], "no option --time-limt: did you mean --time-limit?"),
        (run, ["--dryrun=yes", "a.py"], "no option --dryrun: did you mean --dry-run?"),
        (run, ["a.py", "--verbose"], "no option --verbose; what the script takes stands behind --: codegen run … --"),
        (run, ["a.py", "n=5"], "'n=5' is one word too many; what the script takes stands behind --: codegen run … --"),
        (skills, ["run", "late", "n=5"], "what the skill takes stands behind --"),
        (approve, ["--alllike"], "no option --alllike: did you mean --all-like?"),  # and not that an id is missing
        (search, ["x", "-j"], "no option -j"),
    ],
    ids=str,
)
def test_a_word_that_is_not_understood_is_named_and_what_may_be_meant(verb, words, said, capsys):
    with pytest.raises(SystemExit) as ended:
        verb.main(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
