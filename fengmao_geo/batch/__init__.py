"""Many towns: each in a process of its own, on a running engine, written down so that nothing is lost."""
