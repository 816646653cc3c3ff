"""Saved scripts: checked, rewritten to importable functions, kept in versions, and compared with the tools they use."""
