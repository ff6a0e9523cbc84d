"""Push and pull: what a school's computers exchange with it (S7, S8, S13, S17)."""
