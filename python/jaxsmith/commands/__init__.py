"""What the command line starts in the user's Python: `python -m jaxsmith.commands.extract`."""
