"""What the school's computers report of themselves, and which of them are stuck (S30)."""
