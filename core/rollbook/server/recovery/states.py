"""What becomes of a version that was given back, as a row's state (S22)."""

HELD, APART, DECIDED, WITH_OWNER, TAKEN = "held", "apart", "decided", "with_owner", "taken"
OPEN = (HELD, APART)
ASKED = (DECIDED, WITH_OWNER)
"""A person is asked, at a computer."""
