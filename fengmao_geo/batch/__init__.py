"""Many towns: large layers cut into towns."""
