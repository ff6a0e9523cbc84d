"""Patterns of resilience, pure: time and chance are handed in. Knows no school and no network library."""
