"""Arrays as they are stored, how a row's function takes them, where the package lies."""
