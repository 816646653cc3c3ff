"""The only place that talks to tools: sources, how they are listed, and what was listed last time."""
