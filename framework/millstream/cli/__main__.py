"""`python -m millstream.cli` is the program `millstream`."""

from millstream.cli import main

main()
