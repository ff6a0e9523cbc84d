"""What crosses the wire: operations, changes, problems, headers, protocol version."""
