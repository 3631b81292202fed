"""Watching what JAX compiles in a process of the user's, and keeping it as raw records."""
