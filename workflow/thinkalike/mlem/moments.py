"""Sums over sets of pairs: all that a least-squares fit needs to know about its training pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Moments:
    """Sums over a set of pairs, with K columns z of the design and the distance d as target.

    Attributes
    ----------
    pairs
        Number of pairs (a sum of weights where pairs have weights).
    z, zz
        Sums of z, shape (K,), and of z z', shape (K, K).
    d, zd
        Sums of d^k, shape (n_powers,), and of z d^k, shape (n_powers, K), for k = 1, ..., n_powers.
    """

    pairs: float
    z: NDArray[np.float64]
    zz: NDArray[np.float64]
    d: NDArray[np.float64]
    zd: NDArray[np.float64]

    def scaled(self, column_scales: NDArray[np.float64], coefficients: NDArray[np.float64]) -> "Moments":
        """Return the moments of z / column_scales and of the polynomial of d with these coefficients."""
        z = self.z / column_scales
        return Moments(
            self.pairs,
            z,
            self.zz / np.outer(column_scales, column_scales),
            np.atleast_1d(coefficients[0] * self.pairs + coefficients[1:] @ self.d),
            (coefficients[0] * z + coefficients[1:] @ (self.zd / column_scales))[None, :],
        )

    def normal_equations(self, intercept: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return Z'Z and Z'y of the moments of one target, both centred where there is an intercept to fit."""
        if not intercept:
            return self.zz, self.zd[0]
        gram = self.zz - np.outer(self.z, self.z) / self.pairs
        # A column that never varies has a variance of 0; rounding must not make it a direction of its own.
        gram[np.abs(gram) <= 1e-14 * np.sqrt(np.outer(np.diag(self.zz), np.diag(self.zz)))] = 0.0
        target = self.zd[0] - self.z * (self.d[0] / self.pairs)
        return gram, np.where(np.diag(gram) > 0, target, 0.0)

    def intercept(self, weights: NDArray[np.float64]) -> float:
        """Return the intercept that goes with `weights`: mean target minus mean prediction."""
        return float(self.d[0] - self.z @ weights) / self.pairs


class MomentSource(Protocol):
    """What gives the moments of the pairs that are left when some stimuli are held out."""

    def without(
        self, held_out: Sequence[Sequence[NDArray[np.intp]]], weights: NDArray[np.float64] | None = None
    ) -> list[Moments]:
        """Return, for each entry, the moments of all pairs that touch none of its arrays of stimuli.

        With `weights`, one per stimulus, a pair counts as the product of the two.
        """
        ...


def remaining_weights(
    n_stimuli: int, held_out: Sequence[NDArray[np.intp]], weights: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return the weight of each stimulus, 0 for those that are held out."""
    remaining = np.ones(n_stimuli) if weights is None else weights.astype(float)
    for stimuli in held_out:
        remaining[stimuli] = 0.0
    return remaining
