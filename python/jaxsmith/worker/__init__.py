"""The worker process, which takes functions of a chunk through JAX: `python -m jaxsmith.worker`.

See docs/protocol.md.
"""
