"""The measures of similarity, one module a family; importing a family registers its measures in `MEASURES`."""
