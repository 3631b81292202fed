"""Records: functions as they travel from Python to the C++ side. See docs/records.md."""
