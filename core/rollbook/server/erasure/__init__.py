"""Erasing a person on request, as a logged act of an administrator (D3)."""
