"""Which visits, by whom, in which order, when: pure computation, no I/O; process pools are handed in."""
