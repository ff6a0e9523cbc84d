"""Who may be the same person: offered, never refused (D4)."""
