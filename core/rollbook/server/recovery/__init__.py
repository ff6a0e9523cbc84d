"""Taking back from the desks what a server that was put back has lost (S22)."""
