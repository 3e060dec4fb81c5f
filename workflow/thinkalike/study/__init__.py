"""A study: its configuration, read and checked, and what its jobs need. Imports neither numpy nor pandas."""
