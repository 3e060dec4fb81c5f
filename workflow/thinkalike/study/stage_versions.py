"""One number per stage, raised by hand when a change of the code changes that stage's results.

The rules carry it among their parameters: raising a number reruns that stage and what depends on it, while an edit
that changes no result (a comment, a faster loop) reruns nothing.
"""

STAGE_VERSION = {
    "stimuli": 3,
    "training": 4,
    "representations": 2,
    "mlem": 4,
    "similarity": 4,
    "figures": 5,
}
