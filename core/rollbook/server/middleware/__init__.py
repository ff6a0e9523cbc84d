"""Pure ASGI middleware: what every request passes, errors included."""
