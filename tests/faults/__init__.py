"""Histories of faults: several desks, one school, everything that can go wrong, and a judge who saw it all."""
