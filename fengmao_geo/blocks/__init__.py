"""Renewal blocks: indicators, scores, red lines, what is missing, and where blocks would help most."""
