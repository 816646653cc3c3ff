"""Packages for scripts: where they are installed, and by whom."""
