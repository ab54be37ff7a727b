"""Totals by day and by week."""
import collections


def daily_totals(readings):
    days = collections.defaultdict(float)
    for when, rain in readings:
        days[when] += rain
    return days


def weekly_totals(days):
    """A list of (ISO week, millimetres)."""
    totals, current, rain = [], None, 0.0
    for when in sorted(days):
        week = when.isocalendar().week
        if current is not None and week != current:
            totals.append((current, rain))
            rain = 0.0
        current = week
        rain += days[when]
    return totals
