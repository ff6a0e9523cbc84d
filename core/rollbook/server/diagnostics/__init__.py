"""What support asks: the story of a request (R17)."""
