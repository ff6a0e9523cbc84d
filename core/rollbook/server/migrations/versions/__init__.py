"""The server's schema, step by step; packaged, run from code."""
