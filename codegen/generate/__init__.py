"""Tools in, Python text out: pure but for `write`, which puts the text on disk."""
