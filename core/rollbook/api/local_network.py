"""Whether this machine has any way out at all (R5): asked of the system, nothing is sent."""

import socket

_ANYWHERE = ("192.0.2.1", 9)  # RFC 5737: never a real host; a datagram socket's connect sends nothing


def has_route() -> bool:
    """Whether the system would know where to send a packet for the outside."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ANYWHERE)
        except OSError:
            return False
    return True
