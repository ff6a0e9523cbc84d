"""Many clients at once on a real server while its database is restarted. Run by `dev.py load`."""
