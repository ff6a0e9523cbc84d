"""Long work that outlasts a request and a restart (R7, R11)."""
