"""Training: which images in which order, the run, what it scores, and its file."""
