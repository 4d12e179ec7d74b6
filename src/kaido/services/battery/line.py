"""Linear regression with known error sizes, beliefs about some coefficients, and intervals that hold for few points.

y = X b + e with e of variance s² v: v is known from how the points were measured, s² is near 1 and is learnt, from an
inverse chi-squared belief worth ``BELIEF`` points on. Coefficients have normal beliefs (infinite variance: none). The
posterior of a coefficient is then about Student's t with ``BELIEF`` + n degrees of freedom (Gelman et al., Bayesian
Data Analysis, 3rd ed., 14.2 and 14.8).

X may have errors too, one of a known direction and size for each point. They are coefficients of their own, whose best
values follow from the residuals, so that X is corrected by them, round by round (the functional model; Fuller,
Measurement Error Models, 1.3 and 3.2). Without, two nearly proportional columns would share what is noise between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kaido.services.battery.chemistry import Floats

BELIEF = 10.0
_ROUNDS = 8
_FAR = 5.0
"""A point so many of its standard deviations off the others' line is left out."""
_MOST_LEFT_OUT = 0.2
_Z95 = 1.959963984540054


@dataclass(frozen=True, eq=False)
class Line:
    """A regression's result.

    Attributes:
        mean: the coefficients.
        covariance: theirs.
        freedom: degrees of freedom of their t distribution.
        scale: s, how many times larger the errors are than they were said to be.
        kept: which points it rests on.
    """

    mean: Floats
    covariance: Floats
    freedom: float
    scale: float
    kept: NDArray[np.bool_]

    def interval(self, weights: Floats, more_variance: float = 0.0) -> tuple[float, float, float]:
        """Value, lower and upper end of the 95 % interval of a sum of coefficients.

        Args:
            weights: of each coefficient in the sum.
            more_variance: of an error that comes on top, for all points alike.
        """
        value = float(weights @ self.mean)
        deviation = float(np.sqrt(weights @ self.covariance @ weights + more_variance))
        wide = t95(self.freedom) * deviation
        return value, value - wide, value + wide


def regress(
    x: Floats, y: Floats, variance: Floats, belief: Floats, belief_variance: Floats, blur: Floats | None = None
) -> Line:
    """The line through points; those far from it are left out, at most a fifth of them.

    Args:
        x: points by coefficients.
        y: the points.
        variance: of each, as it was measured; greater than 0.
        belief: of each coefficient before anything is measured.
        belief_variance: of it; infinite where there is none.
        blur: by how much (one standard deviation) a point's row of ``x`` is off, in one direction; None: it is exact.
    """
    blur = np.zeros_like(x) if blur is None else blur
    kept = np.ones(len(y), bool)
    while True:
        line = _through(x[kept], y[kept], variance[kept], blur[kept], belief, belief_variance, kept)
        off = np.abs(y - x @ line.mean) / np.sqrt(variance + (blur @ line.mean) ** 2)
        usual = max(1.0, 1.4826 * float(np.median(off[kept])))
        far = kept & (off > _FAR * usual)
        if not far.any() or (~kept).sum() + 1 > _MOST_LEFT_OUT * len(y):
            return line
        kept[int(np.argmax(np.where(far, off / usual, 0.0)))] = False


def _through(
    x: Floats,
    y: Floats,
    variance: Floats,
    blur: Floats,
    belief: Floats,
    belief_variance: Floats,
    kept: NDArray[np.bool_],
) -> Line:
    known = np.diag(1 / belief_variance)
    believed = known @ np.where(np.isfinite(belief_variance), belief, 0.0)
    square = 1.0
    spread: Floats = variance
    better: Floats = x
    for _ in range(_ROUNDS):
        weighted = (better / (square * spread)[:, np.newaxis]).T
        mean = np.linalg.solve(known + weighted @ x, believed + weighted @ y).astype(np.float64)
        slope: Floats = blur @ mean
        rest: Floats = y - x @ mean
        spread = variance + slope**2
        better = x + blur * (slope * rest / spread)[:, np.newaxis]
        learnt = (better / (square * spread)[:, np.newaxis]).T @ better
        covariance = np.linalg.inv(known + learnt).astype(np.float64)
        used = max(len(y) - float(np.trace(covariance @ learnt)), 0.0)  # points less coefficients learnt from them
        square = (BELIEF + float(np.sum(rest**2 / spread))) / (BELIEF + used)
    return Line(mean, covariance, BELIEF + used, square**0.5, kept)


def t95(freedom: float) -> float:
    """The 97.5 % quantile of Student's t (Fisher and Cornish 1960); off by less than 1 % from 3 degrees of freedom."""
    z, n = _Z95, freedom
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )
