"""`rollbookctl`: the facade without a window, for administrators, support and tests."""
