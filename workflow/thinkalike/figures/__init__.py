"""Figures: one module per figure, each with one function from tidy tables to a matplotlib `Figure`.

Every figure shares `theme` (sizes, fonts), `styles` (the look of a feature, of a model) and `save.save_figure`. None
depends on the order of a table's rows, and none touches pyplot: nothing has to be closed and no display is needed.
"""
