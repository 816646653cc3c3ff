"""What happens when a script runs: wire, check, broker, journal, run."""
