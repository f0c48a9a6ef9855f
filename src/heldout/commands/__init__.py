"""The verbs of the command line: one function each, from options to an answer on standard output."""
