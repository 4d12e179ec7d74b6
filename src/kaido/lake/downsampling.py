"""Fewer points that still show every extreme.

Each series (a signal of a vehicle) with more samples than asked for is cut into equal spans of time; a span keeps its
smallest and its largest value (of several that are equal, any), and the series its first and last sample. A series of
texts keeps, in each span, the first sample whose text differs from the one before.
"""

from __future__ import annotations

_SAMPLE = "{'time': time, 'value': value, 'text': text, 'campaign': campaign, 'event': event}"


def downsampled(sql: str) -> str:
    """SQL for about ``$points`` of the samples that ``sql`` selects, for each series; ``samples`` is how many it has.

    The files are read twice (of texts: three times), and nothing in between is kept: the memory it takes grows with
    series and points, not with samples (for texts: with samples). A hundred million take some ten seconds of a core.
    """
    return f"""
    SELECT vehicle, signal, samples, sample.* FROM (
        WITH chosen AS NOT MATERIALIZED ({sql}),
        series AS MATERIALIZED (
            SELECT vehicle, signal, count(*) AS samples, count(*) > $points AS thin,
                epoch_us(min(time)) AS first_us, epoch_us(max(time)) AS last_us,
                greatest($points // 2 - 1, 1) AS spans
            FROM chosen GROUP BY vehicle, signal
        ),
        placed AS NOT MATERIALIZED (
            SELECT c.*, samples, thin, epoch_us(time) AS at_us, first_us, last_us,
                CASE WHEN thin THEN
                    least(floor((epoch_us(time) - first_us)::DOUBLE * spans / (last_us - first_us + 1)), spans - 1)
                ELSE 0 END AS span
            FROM chosen AS c JOIN series USING (vehicle, signal)
        ),
        kept AS (
            SELECT vehicle, signal, any_value(samples) AS samples,
                list({_SAMPLE}) FILTER (NOT thin) AS whole,
                arg_min({_SAMPLE}, value) FILTER (thin AND text IS NULL) AS lowest,
                arg_max({_SAMPLE}, value) FILTER (thin AND text IS NULL) AS highest,
                min({_SAMPLE}) FILTER (thin AND at_us = first_us) AS first,
                max({_SAMPLE}) FILTER (thin AND at_us = last_us) AS last
            FROM placed GROUP BY vehicle, signal, span
        ),
        changes AS (
            SELECT vehicle, signal, any_value(samples) AS samples, min({_SAMPLE}) AS change FROM (
                SELECT *, lag(text) OVER (PARTITION BY vehicle, signal ORDER BY time, text) AS before
                FROM placed WHERE thin AND text IS NOT NULL
            ) WHERE text IS DISTINCT FROM before GROUP BY vehicle, signal, span
        )
        SELECT vehicle, signal, samples, unnest(whole) AS sample FROM kept
        UNION ALL
        SELECT DISTINCT * FROM (
            SELECT vehicle, signal, samples, unnest([lowest, highest, first, last]) AS sample FROM kept
            UNION ALL SELECT vehicle, signal, samples, change FROM changes
        ) WHERE sample IS NOT NULL
    )"""  # noqa: S608  # only our own SQL is put together; values are parameters
