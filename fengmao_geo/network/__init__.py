"""Walking: the streets as a network, and what is reached on it."""
