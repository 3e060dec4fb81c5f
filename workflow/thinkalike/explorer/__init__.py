"""The explorer: one page, opened without a network, that shows how alike any two layers are and why."""

from thinkalike.explorer.page import render_page, write_page

__all__ = ["render_page", "write_page"]
