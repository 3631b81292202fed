"""What knows nothing of JAX or of functions: arrays as they are stored, where the package lies."""
