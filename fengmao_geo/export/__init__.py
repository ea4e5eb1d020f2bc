"""Data out: what leaves the library for people to read."""
