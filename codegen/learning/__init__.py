"""What results look like, learned from results: kinds and keys, never values."""
