"""Data in: the town, its layers and its people."""
