"""A section whole: its register of a day, and its results (D1, D2)."""
