"""The guides as pages of the server (R20)."""
