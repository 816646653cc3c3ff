"""What tasks cost in tokens, by the way an agent reaches its tools: `make bench-tokens`."""
