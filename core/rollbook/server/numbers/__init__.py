"""Numbers given out in blocks, none of them twice (S16)."""
