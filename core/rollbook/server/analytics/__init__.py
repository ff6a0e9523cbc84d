"""What can be said of one student or one class, each part on its own (R10)."""
