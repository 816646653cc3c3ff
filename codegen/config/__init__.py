"""What a person wrote down: the servers, the settings, and where their secrets come from."""
