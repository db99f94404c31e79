"""Reading: finding files, text to typed values, and every problem with its place. Nothing here runs a program."""
