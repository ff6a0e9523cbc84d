"""The dashboard's numbers, each part on its own (R10)."""
