"""What happened: every run with its source, every call with its arguments, decision and result (SQLite, WAL)."""
