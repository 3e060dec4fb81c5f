"""The one exception that a user's mistake raises."""


class InputError(ValueError):
    """Input that the user has to mend.

    The message is one sentence that names the file, the row or key, what was expected and what to do. Scripts and
    commands print it without a traceback and exit with a non-zero code; in a notebook it is a `ValueError`.
    """
