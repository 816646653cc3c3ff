"""Saved skills: each module has one function of its own name. `codegen skills list` shows them."""
