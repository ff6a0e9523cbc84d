"""Histories of faults: several desks, one school, all that can go wrong, and a judge who saw it all."""
