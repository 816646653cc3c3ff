"""The library: `codemode(agent, task)` has a model write one script over functions, agents and workspaces."""
