"""Between what labels are exchanged under the null: the units that a feature is a property of."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from thinkalike.errors import InputError
from thinkalike.mlem.cells import Coding, label_codes
from thinkalike.mlem.folds import Labels
from thinkalike.property_levels import find_level

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Units:
    """What exchanges its labels under the null, for each feature.

    Attributes
    ----------
    names
        What the units are: the name of a level, `given`, or `stimulus`.
    codes
        The unit of each stimulus, 0 to n_units - 1, shape (n_stimuli,).
    """

    names: list[str]
    codes: list[NDArray[np.int64]]


def units_of(
    coding: Coding,
    units: Labels | Mapping[str, Labels | None] | None,
    levels: Mapping[str, NDArray[np.int64]],
    index: pd.Index,
) -> Units:
    """Return the units of each feature: those that are given, else the coarsest level in which it is constant."""
    if isinstance(units, Mapping):
        for name in units:
            if name not in coding.names:
                raise InputError(
                    f"units names '{name}', which is not a feature; the features are {', '.join(coding.names)}."
                )
    given = units if isinstance(units, Mapping) else {} if units is None else dict.fromkeys(coding.names, units)
    single = np.arange(len(index))
    names, codes = [], []
    for f, name in enumerate(coding.names):
        if name in given:
            labels = given[name]
            names.append("stimulus" if labels is None else "given")
            codes.append(single if labels is None else label_codes(labels, index, f"units of '{name}'"))
            continue
        found = find_level(pd.Series(coding.codes[:, f]), levels)
        if found.others:
            logger.warning(found.sentence(name))
        names.append(found.level)
        codes.append(levels.get(found.level, single))
    return Units(names, codes)
