"""Green: what there is, who reaches it, and what was gained."""
