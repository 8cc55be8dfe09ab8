"""`python -m fieldapp`."""

from fieldapp.cli import main

main()
