"""Records one by one, through the same service as a push (S8)."""
