"""What people see of a run, worked out from its records and from nothing else.

Everything here is pure: it never awaits, reads a clock, draws randomness or logs. One file a protocol or a picture.
"""
