"""Photos and files as content-addressed chunks, each school's by itself (S31)."""
