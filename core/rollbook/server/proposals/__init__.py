"""Entries that their owners may not write any more, for a registrar to decide (S23)."""
