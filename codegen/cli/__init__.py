"""The command line: one verb a file; everything that prints is in output.py."""
