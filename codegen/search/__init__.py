"""Finding tools and skills: one SQLite file of postings, written by sync and read in milliseconds."""
