"""What runs in a run's own processes: the fork server, a run's keeper, the script's runner. Standard library only."""
