"""Services that are not the school's: the only place of the server that speaks HTTP to others (R12, H7).

Nothing of a caller and nothing of a pupil goes out of here.
"""
