"""Signals that do not come by themselves: schemes say when to fetch them, and by which action."""
