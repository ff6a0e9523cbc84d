"""Whether this machine has any way out at all (R5): asked of the system, nothing is sent."""

import socket

# RFC 5737 and 3849: never a real host; a datagram socket's connect sends nothing.
_ANYWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
_DISCARD = 9


def has_route() -> bool:
    """Whether the system would know where to send a packet for the outside."""
    return any(_knows_a_way(family, address) for family, address in _ANYWHERE)


def _knows_a_way(family: int, address: str) -> bool:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, _DISCARD))
    except OSError:
        return False
    return True
