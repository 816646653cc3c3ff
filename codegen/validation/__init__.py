"""Arguments held against their tool's own schema, and what is wrong with them in words to act on."""
