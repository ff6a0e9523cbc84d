"""A made-up school to try Rollbook with."""
