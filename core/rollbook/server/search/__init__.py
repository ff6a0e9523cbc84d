"""Search over all records that are searched, by the words of each (D5)."""
