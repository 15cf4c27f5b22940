"""An independent judge of the counts of the PyTorch front-end."""
