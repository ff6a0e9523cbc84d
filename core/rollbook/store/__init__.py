"""What is kept on this computer: replica, outbox, cursor, answers, keys. One file, opened by one function."""
