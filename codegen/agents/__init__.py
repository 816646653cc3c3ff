"""Models at work in a workspace: the three tools they get, the loop, and who may be behind it; each is optional."""
