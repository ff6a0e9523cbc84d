"""Critical errors that tell somebody by themselves (R19)."""
