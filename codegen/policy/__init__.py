"""Which calls are made, refused, or shown to a person first: pure, and quick, for it stands on every call."""
