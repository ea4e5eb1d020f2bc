"""Life circles: who reaches what on foot, and who lacks what."""
