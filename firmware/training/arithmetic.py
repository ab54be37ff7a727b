"""What the calculator answers to the expressions of the episodes, closely enough to learn from."""
import datetime
from decimal import Decimal, getcontext

getcontext().prec = 28
# As the calculator has them: a gallon is the American one.
FACTORS = {("miles", "km"): "1.609344", ("lb", "kg"): "0.45359237", ("gallons", "litres"): "3.785411784", ("inches", "cm"): "2.54",
           ("feet", "m"): "0.3048", ("oz", "g"): "28.349523125", ("hours", "minutes"): "60", ("days", "hours"): "24"}
ROUNDED = {("km", "miles"), ("kg", "lb"), ("litres", "gallons"), ("cm", "inches"), ("m", "feet"), ("g", "oz")}


def plain(number):
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def shown(number):
    """Exact where it has few places, else twelve significant digits behind a sign for 'about'."""
    text = plain(number)
    if len(text.replace("-", "").replace(".", "").lstrip("0")) <= 14:
        return text
    digits = 12 - max(len(text.lstrip("-").split(".")[0].lstrip("0")), 0)
    return "≈" + plain(round(number, max(digits, 0)))


def convert(number, source, target):
    number = Decimal(number)
    if (source, target) == ("C", "F"):
        return plain(number * 9 / 5 + 32) + " F"
    if (source, target) == ("F", "C"):
        return shown((number - 32) * 5 / 9) + " C"
    value = number * Decimal(FACTORS[source, target]) if (source, target) in FACTORS else number / Decimal(FACTORS[target, source])
    about = "≈" if (source, target) in ROUNDED else ""
    text = shown(value)
    return (about if not text.startswith("≈") else "") + text + " " + {"gallons": "US gallons"}.get(target, target)


def arithmetic(expression):
    """Numbers joined by + - * /, left to right by the usual precedence; "P% of X"."""
    if "% of " in expression:
        percent, number = expression.split("% of ")
        return shown(Decimal(percent) * Decimal(number) / 100)
    items = expression.split(" ")
    terms, operators = [Decimal(items[0])], []
    for operator, item in zip(items[1::2], items[2::2]):
        if operator == "*":
            terms[-1] *= Decimal(item)
        elif operator == "/":
            terms[-1] /= Decimal(item)
        else:
            operators.append(operator)
            terms.append(Decimal(item))
    total = terms[0]
    for operator, term in zip(operators, terms[1:]):
        total = total + term if operator == "+" else total - term
    return shown(total)


def add_to_day(day, number, unit, sign):
    if unit in ("days", "weeks"):
        return day + sign * datetime.timedelta(days=number * (7 if unit == "weeks" else 1))
    months = day.year * 12 + day.month - 1 + sign * number * (12 if unit == "years" else 1)
    return datetime.date(months // 12, months % 12 + 1, min(day.day, 28))
