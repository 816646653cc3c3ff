"""A container for each run, by docker or podman."""
