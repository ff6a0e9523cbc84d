"""Speed, measured beside a limit of the same machine in the same run. Run by `dev.py bench`; never a test."""
