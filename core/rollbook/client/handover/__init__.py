"""Saves and syncs handed to the program whose engine runs for the same store, over a local socket (S26)."""
