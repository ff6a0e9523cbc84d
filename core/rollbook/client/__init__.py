"""The facade that the window and the command line use: commands, queries, events (H3)."""
