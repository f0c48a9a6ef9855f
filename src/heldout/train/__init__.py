"""Training: one network's training as a function, many of them as one compiled program."""
