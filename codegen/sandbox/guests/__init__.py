"""Other interpreters than CPython itself, each in a process of its own."""
