"""The Python side of jaxsmith: what has to happen inside a process that runs JAX."""
