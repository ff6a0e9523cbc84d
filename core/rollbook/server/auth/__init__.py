"""Signing in: passwords, tokens, throttling, and who is asking."""
