"""One file per story: load what it touches, ask the domain, write once."""
