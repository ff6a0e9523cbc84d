"""The database's schema through the releases; ``HEAD`` is what this release needs."""

HEAD = "0019"
