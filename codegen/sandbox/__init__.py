"""Runs one Python script where it can do no harm: the wall, and the runner inside it."""
