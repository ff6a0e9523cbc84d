"""Words that several entities share."""

YES_NO = ("yes", "no")
SOURCE = ("source_system", "sourced_id")
"""The natural key of what came from another system (S16)."""
