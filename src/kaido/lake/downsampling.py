"""Fewer points that still show every extreme.

Each series (a signal of a vehicle) with more samples than asked for is cut into equal spans of time; a span keeps its
smallest and its largest value, and the series its first and last sample. A series of texts keeps, in each span, the
first sample whose text differs from the one before.
"""

from __future__ import annotations

_SAMPLE = "{'time': time, 'value': value, 'text': text, 'campaign': campaign, 'event': event}"


def downsampled(sql: str) -> str:
    """SQL for about ``$points`` of the samples that ``sql`` selects, for each series; ``samples`` is how many it has.

    The memory it takes grows with series and points, not with samples (for texts: with samples).
    """
    return f"""
    SELECT vehicle, signal, samples, sample.* FROM (
        WITH chosen AS NOT MATERIALIZED ({sql}),
        series AS (
            SELECT vehicle, signal, count(*) AS samples, epoch_us(min(time)) AS first_us,
                greatest(epoch_us(max(time)) - epoch_us(min(time)) + 1, 1) AS span_us,
                greatest($points // 2 - 1, 1) AS spans
            FROM chosen GROUP BY vehicle, signal
        ),
        placed AS (
            SELECT c.*, samples, (epoch_us(time) - first_us)::HUGEINT * spans // span_us AS span
            FROM chosen c JOIN series USING (vehicle, signal)
        ),
        extremes AS (
            SELECT vehicle, signal, any_value(samples) AS samples,
                min({{'key': value, 'sample': {_SAMPLE}}}).sample AS lowest,
                max({{'key': value, 'sample': {_SAMPLE}}}).sample AS highest
            FROM placed WHERE samples > $points AND text IS NULL GROUP BY vehicle, signal, span
        ),
        ends AS (
            SELECT vehicle, signal, any_value(samples) AS samples, min({_SAMPLE}) AS first, max({_SAMPLE}) AS last
            FROM placed WHERE samples > $points GROUP BY vehicle, signal
        ),
        changes AS (
            SELECT vehicle, signal, any_value(samples) AS samples, min({_SAMPLE}) AS change FROM (
                SELECT *, lag(text) OVER (PARTITION BY vehicle, signal ORDER BY time, text) AS before
                FROM placed WHERE samples > $points AND text IS NOT NULL
            ) WHERE text IS DISTINCT FROM before GROUP BY vehicle, signal, span
        )
        SELECT vehicle, signal, samples, {_SAMPLE} AS sample FROM placed WHERE samples <= $points
        UNION ALL
        SELECT DISTINCT * FROM (
            SELECT vehicle, signal, samples, unnest([lowest, highest]) AS sample FROM extremes
            UNION ALL SELECT vehicle, signal, samples, unnest([first, last]) FROM ends
            UNION ALL SELECT vehicle, signal, samples, change FROM changes
        )
    )"""  # noqa: S608  # only our own SQL is put together; values are parameters
