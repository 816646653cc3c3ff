"""A workspace: where things lie, how one is made, and how its tree follows its servers."""
