"""Reading the gauge's log."""
import csv
import datetime

# The bucket tips at a hundredth of an inch and a bit: measured with a syringe, three times.
MM_PER_TIP = 0.2794


def tips_to_mm(tips):
    """Millimetres of rain for a number of tips of the bucket."""
    return tips * MM_PER_TIP


def read_log(path):
    """Yields (date, millimetres) for each line of the log."""
    with open(path, newline="") as log:
        for stamp, tips in csv.reader(log):
            yield datetime.datetime.fromisoformat(stamp).date(), tips_to_mm(int(tips))
