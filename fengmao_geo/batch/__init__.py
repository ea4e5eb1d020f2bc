"""Many towns: each in a process of its own on a running engine, cut before that out of larger layers."""
