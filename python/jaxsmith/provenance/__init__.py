"""Where texts come from: a function's source, and which lines of it the lines of IR belong to."""
