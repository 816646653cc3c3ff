"""Coding agents that are driven from here; none knows another, and each is optional."""
