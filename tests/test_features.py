"""Numeric features: numbers, dates and durations, and what is undefined among them."""

import datetime

import numpy as np
import pandas as pd
import pytest

from thinkalike.features import Feature, as_numbers
from thinkalike.mlem.cells import UNDEFINED, encode
from thinkalike.stimuli.differences import difference_moments

DAYS = [datetime.datetime(2020, 1, 3), None, datetime.datetime(2020, 1, 1), datetime.datetime(2020, 1, 2, 12)]
EXPECTED = [2.0, np.nan, 0.0, 1.5]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(pd.to_datetime(DAYS)),
        pd.Series(pd.to_datetime(DAYS, utc=True)),
        pd.Series(pd.to_datetime(DAYS)).astype("datetime64[s]"),
        pd.Series(DAYS, dtype=object),
        pd.Series(pd.to_timedelta(["2D", None, "0D", "36h"])),
    ],
)
def test_dates_are_days_and_undefined_dates_are_undefined(column: pd.Series) -> None:
    np.testing.assert_array_equal(as_numbers(column), EXPECTED)
    coding = encode(pd.DataFrame({"when": column}), kinds={"when": "numeric"})
    assert coding.codes[:, 0].tolist() == [2, UNDEFINED, 0, 1]
    assert coding.ranges().tolist() == [2.0]
    as_frame = pd.DataFrame({"when": column})
    means, _ = difference_moments(as_frame, {"when": Feature("when", "numeric")})
    assert means[0] == pytest.approx((1 + 0.25 + 0.75) / 6)


def test_plain_dates_and_nothing_but_undefined() -> None:
    days = pd.Series([datetime.date(2020, 1, 2), None, datetime.date(2020, 1, 1)], dtype=object)
    np.testing.assert_array_equal(as_numbers(days), [1.0, np.nan, 0.0])
    assert np.isnan(as_numbers(pd.Series([None, None], dtype="datetime64[ns]"))).all()


def test_numbers_stay_and_texts_are_refused() -> None:
    column = pd.Series([1, None, 3], dtype="Int64", index=[5, 6, 7])
    np.testing.assert_array_equal(as_numbers(column), [1.0, np.nan, 3.0])
    with pytest.raises((ValueError, TypeError)):
        as_numbers(pd.Series(["a", 1]))
