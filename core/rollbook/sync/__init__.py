"""The protocol between this computer and the school's server, one short file for each step."""
