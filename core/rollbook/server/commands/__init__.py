"""The commands of `rollbook-server`."""
