"""servers/ on disk: what is there, what shall be there, and bringing the one to the other."""
