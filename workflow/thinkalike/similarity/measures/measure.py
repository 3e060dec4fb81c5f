"""What a similarity measure is: a comparator that computes it, and what must be known to read its number.

To add a measure, write one class (or, where nothing is worth keeping per layer, one function) in the module of its
family, put `@measure(...)` with its metadata above it, and its name and options into the catalogue:

    @measure(name="largest_row_ratio", family="example", formula="...", ...)
    def largest_row_ratio(X: Matrix, Y: Matrix, *, order: int = 2) -> float:
        ...

The rest follows: `compare`, `compare_all`, studies, the table of measures (written by `documentation`), property tests.
"""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import MISSING, dataclass, field, fields, make_dataclass, replace
from typing import Any, ClassVar, Literal, TypeVar, get_args

import numpy as np
import numpy.typing as npt

from thinkalike.catalogue import MEASURE_OPTIONS, MEASURE_SETS, PAIR_MEASURES, check_options, measure_options
from thinkalike.errors import InputError
from thinkalike.numerics.matrices import Matrix
from thinkalike.numerics.parallel import parallel_map
from thinkalike.similarity.measures.stimulus_pairs import StimulusPairs

Compared = Literal["representations", "sequences", "profiles", "resamples"]
Invariance = Literal["orthogonal", "isotropic scaling", "translation", "invertible linear", "permutation"]
KINDS: tuple[Compared, ...] = get_args(Compared)
INVARIANCES: tuple[Invariance, ...] = get_args(Invariance)


class Comparator(ABC):
    """Computes one measure; its fields are the measure's options.

    What depends on one layer alone is computed once, by `prepare`; any pair then costs one `score`.
    """

    @property
    def takes_float32(self) -> bool:
        """Whether `prepare` may be given float32 rows, to widen them where it needs to, instead of float64."""
        return False

    pairs: ClassVar[StimulusPairs | None] = None
    leaves_out_pairs: ClassVar[bool] = False  # whether it is a sum over pairs of stimuli, of which some may not count
    takes_controls: ClassVar[bool] = False

    def about(self, pairs: StimulusPairs | None) -> "Comparator":
        """Return the comparator for stimuli of which this is known; refuse what the measure cannot use."""
        if pairs is None:
            return self
        name = type(self).__name__
        if pairs.leaves_out and not self.leaves_out_pairs:
            raise InputError(
                f"{name} is not a sum over pairs of stimuli, so none can be left out; use one of "
                f"{', '.join(PAIR_MEASURES)}."
            )
        if pairs.controls and not self.takes_controls:
            raise InputError(f"{name} takes no controls; use partial_rsa.")
        result = copy(self)
        object.__setattr__(result, "pairs", pairs)
        return result

    @property
    def depends_on_scale(self) -> bool:
        """Whether, with these options, a multiple of a layer gives another value."""
        return False

    @abstractmethod
    def prepare(self, X: Any) -> Any:
        """Return what the measure needs to know of one layer, an array of shape (n, d)."""

    @abstractmethod
    def score(self, x: Any, y: Any) -> float:
        """Return the measure of two prepared layers."""

    def score_each(self, xs: Sequence[Any], ys: Sequence[Any]) -> npt.NDArray[np.float64]:
        """Return the measure of each of `xs` with the one of `ys` in its place, shape (len(xs),)."""
        return np.array([self.score(x, y) for x, y in zip(xs, ys, strict=True)], dtype=np.float64)

    def scores(self, xs: Sequence[Any], ys: Sequence[Any], *, symmetric: bool = False, threads: int = 1) -> Matrix:
        """Return the measure of all pairs, shape (len(xs), len(ys)).

        `symmetric` says that `xs` and `ys` are the same layers and that the order of a pair does not matter.
        """
        pairs = [(i, j) for i in range(len(xs)) for j in range(i if symmetric else 0, len(ys))]
        values = parallel_map(lambda pair: self.score(xs[pair[0]], ys[pair[1]]), pairs, threads)
        result = np.empty((len(xs), len(ys)))
        for (i, j), value in zip(pairs, values, strict=True):
            result[i, j] = value
            if symmetric:
                result[j, i] = value
        return result

    def movable(self, state: Any) -> Any:
        """Return the state of the same layer that is best permuted many times."""
        return state

    def permute(self, state: Any, order: npt.NDArray[np.intp]) -> Any:
        """Return the state of the same layer with its stimuli in another order: row i is the old row order[i]."""
        raise NotImplementedError(f"{type(self).__name__} has no permutation null")


@dataclass(frozen=True)
class Measure:
    """A measure, and what must be known to read its number.

    Attributes
    ----------
    name, family
        `family` is the module that holds it.
    formula
        With X and Y of shape (n, d), rows the same stimuli.
    reference
        The publication that it comes from.
    preprocessing
        What is done to X and Y first, by default.
    range
        Smallest and largest possible value.
    larger_is_more_similar
        False for distances.
    is_metric
        The value is a distance that obeys the triangle inequality.
    is_symmetric
        compare(X, Y) == compare(Y, X).
    invariant_to
        Changes of X or of Y alone that leave the value as it is: `permutation` is of units (columns); the permutation
        of stimuli in both leaves every measure as it is.
    chance
        What independent representations give.
    equivalents
        Calls in public libraries that give the same number.
    identical
        The value of a representation with itself.
    compares
        `representations` (matrices), `sequences` (lists of matrices, a row per word in its order), `profiles` (vectors,
        one number per feature), or `resamples` of profiles (matrices, one row per resample).
    pairwise
        Time and memory grow with the square of the number of stimuli.
    comparator
        Makes the object that computes it, from the options.
    preset
        Options that differ from the comparator's defaults: those of a published set (see `MEASURE_SETS`).
    """

    name: str
    family: str
    formula: str
    reference: str
    preprocessing: str
    range: tuple[float, float]
    larger_is_more_similar: bool
    is_metric: bool
    is_symmetric: bool
    invariant_to: frozenset[Invariance]
    chance: str
    equivalents: tuple[str, ...]
    identical: float
    compares: Compared
    pairwise: bool
    comparator: Callable[..., Comparator]
    preset: Mapping[str, Any] = field(default_factory=dict)

    @property
    def options(self) -> dict[str, Any]:
        """The options and their defaults."""
        defaults = {
            option.name: option.default
            for option in fields(self.comparator)  # type: ignore[arg-type]
            if option.init and option.default is not MISSING
        }
        return {**defaults, **self.preset}

    def with_options(self, options: Mapping[str, Any] | None = None) -> Comparator:
        """Return a comparator with these options, after a check of their names and values."""
        catalogued = MEASURE_OPTIONS.get(self.name.partition(".")[0], {})
        check_options(self.name, options or {}, {key: catalogued.get(key) for key in self.options})
        return self.comparator(**{**self.preset, **(options or {})})


MEASURES: dict[str, Measure] = {}
_Definition = TypeVar("_Definition", bound=Callable[..., Any])


def measure(
    *,
    name: str,
    family: str,
    formula: str,
    reference: str,
    preprocessing: str,
    range: tuple[float, float],
    larger_is_more_similar: bool,
    is_metric: bool = False,
    is_symmetric: bool = True,
    invariant_to: Sequence[Invariance],
    chance: str,
    equivalents: Sequence[str] = (),
    identical: float,
    compares: Compared = "representations",
    pairwise: bool = False,
) -> Callable[[_Definition], _Definition]:
    """Register the comparator class, or the function of (X, Y, *, options), below as a measure."""

    def register(definition: _Definition) -> _Definition:
        if name in MEASURES:
            raise ValueError(f"there are two measures called {name}")
        comparator: Any = definition if inspect.isclass(definition) else _comparator_of(definition)
        MEASURES[name] = Measure(
            name=name,
            family=family,
            formula=formula,
            reference=reference,
            preprocessing=preprocessing,
            range=range,
            larger_is_more_similar=larger_is_more_similar,
            is_metric=is_metric,
            is_symmetric=is_symmetric,
            invariant_to=frozenset(invariant_to),
            chance=chance,
            equivalents=tuple(equivalents),
            identical=identical,
            compares=compares,
            pairwise=pairwise,
            comparator=comparator,
        )
        return definition

    return register


def find_measure(name: str) -> Measure:
    """Return the measure of that name, or say which there are.

    A measure with the convention of a published set is called `measure.set`, such as `procrustes.ot+is`.
    """
    base, _, published = name.partition(".")
    if base not in MEASURES or published:
        measure_options(name)  # refuses a name that is not in the catalogue
    if not published:
        return MEASURES[base]
    preset = MEASURE_SETS[published][base]
    # Without centring, a translation of the stimuli changes the value.
    lost = {"translation"} if preset.get("centre") is False else set()
    return replace(MEASURES[base], name=name, preset=preset, invariant_to=MEASURES[base].invariant_to - lost)


def check_option(name: str, value: Any, allowed: Sequence[Any]) -> None:
    """Refuse an option's value that is not among the allowed ones."""
    if value not in allowed:
        raise InputError(f"Option '{name}' is {value!r} but must be one of {', '.join(map(repr, allowed))}.")


def _comparator_of(function: Callable[..., float]) -> Callable[..., Comparator]:
    """Wrap a function of two matrices; what it keeps per layer is the layer itself."""

    class FunctionComparator(Comparator):
        def prepare(self, X: Matrix) -> Matrix:
            return X

        def score(self, x: Matrix, y: Matrix) -> float:
            return function(x, y, **{option.name: getattr(self, option.name) for option in fields(self)})  # type: ignore[arg-type]

        def permute(self, state: Matrix, order: npt.NDArray[np.intp]) -> Matrix:
            return state[order]

    options = [
        (parameter.name, Any, parameter.default)
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    return make_dataclass(function.__name__, options, bases=(FunctionComparator,), frozen=True)
