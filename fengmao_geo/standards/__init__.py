"""Planning knowledge as data: every figure with its source and its confidence tag."""
