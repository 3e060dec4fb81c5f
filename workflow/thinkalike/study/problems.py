"""All that is wrong with a study, gathered while it is read."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from thinkalike.errors import InputError


class StudyError(InputError):
    """What is wrong with a study: the first of its sentences as the message, all of them in `sentences`."""

    def __init__(self, sentences: Iterable[str]) -> None:
        self.sentences = list(dict.fromkeys(sentences))
        more = len(self.sentences) - 1
        others = "another mistake" if more == 1 else f"{more} other mistakes"
        hint = f" (There is {others}; `thinkalike check` lists all.)" if more == 1 else ""
        hint = f" (There are {others}; `thinkalike check` lists all.)" if more > 1 else hint
        super().__init__(self.sentences[0] + hint)


class Problems:
    """Sentences about a study, and a context that gathers errors as such."""

    def __init__(self) -> None:
        self.sentences: list[str] = []

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Keep what an InputError inside says, and go on."""
        try:
            yield
        except StudyError as error:
            self.sentences += error.sentences
        except InputError as error:
            self.sentences.append(str(error))

    def raise_if_any(self) -> None:
        """Raise a StudyError if anything is wrong."""
        if self.sentences:
            raise StudyError(self.sentences)
