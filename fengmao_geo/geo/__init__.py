"""Geometry that knows nothing of planning."""
