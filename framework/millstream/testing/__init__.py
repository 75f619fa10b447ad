"""What tests of runs need: everything here works without a network, a provider or a key."""

from millstream.testing.checker import Violation, assert_records, check_records

__all__ = ("Violation", "assert_records", "check_records")
