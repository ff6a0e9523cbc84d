"""The trail of what was done to accounts, computers and schools."""
