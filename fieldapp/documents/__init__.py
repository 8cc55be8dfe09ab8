"""Bytes in, bytes out: pictures, papers and tables. Knows nothing of databases or networks."""
