import sys

from .gauge import read_log
from .report import daily_totals, weekly_totals

days = daily_totals(read_log(sys.argv[1]))
for when, rain in sorted(days.items()):
    print(f"{when}  {rain:6.1f} mm")
for week, rain in weekly_totals(days):
    print(f"week {week:2}  {rain:6.1f} mm")
