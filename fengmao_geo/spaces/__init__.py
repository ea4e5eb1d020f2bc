"""Spaces a town could use: open land, idle stock and farmland fragments, found and typed."""
