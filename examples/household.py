"""What is true of the example household. Its documents (make_home.py) and the goals' answers (goals.py) come from here.

The people, firms and addresses are made up; telephone numbers are of the ranges that Ofcom keeps for fiction.
Nothing is random: what varies is derived from a hash of what it belongs to.
"""
import dataclasses
import hashlib
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
OWNER, PARTNER = "Ruth Pemberton", "Idris Cole"
ADDRESS = ["17 Larch Row", "Otley", "LS21 9ZZ"]
TODAY = date(2026, 6, 28)  # the day this home was left as it is
MILES_PER_KM = 1 / Decimal("1.609344")


def pence(value):
    return Decimal(value).quantize(CENT, ROUND_HALF_UP)


def pounds(value):
    return f"-£{-value:,.2f}" if value < 0 else f"£{value:,.2f}"


def day(when):
    """14 March 2026"""
    return f"{when.day} {when:%B %Y}"


def weekday(when):
    """Saturday 14 March 2026"""
    return f"{when:%A} {day(when)}"


def month(when):
    return f"{when:%B %Y}"


def pick(count, *key):
    """A number below count that depends on the key alone."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, key)).encode()).digest()[:6]) % count


# ---- bills --------------------------------------------------------------------------------------------------------
@dataclasses.dataclass
class Charge:
    what: str
    quantity: str
    rate: str
    amount: Decimal


@dataclasses.dataclass
class Bill:
    supplier: str
    kind: str
    path: str
    number: str
    account: str
    dated: date
    month: date     # the first of the month that the bill is for
    begins: date
    ends: date
    due: date       # when the direct debit is taken
    charges: list
    vat: int | None  # percent added, None where prices include it or none is due
    readings: tuple | None = None
    unit: str = ""
    previous: "Bill | None" = None
    notes: tuple = ()

    @property
    def net(self):
        return sum(c.amount for c in self.charges)

    @property
    def tax(self):
        return pence(self.net * self.vat / 100) if self.vat else Decimal(0)

    @property
    def total(self):
        return self.net + self.tax


@dataclasses.dataclass
class Tariff:
    name: str
    begins: date
    unit: Decimal      # pence a kWh
    standing: Decimal  # pence a day


OLD_TARIFF = Tariff("Brackwater Steady", date(2025, 10, 1), Decimal("24.86"), Decimal("52.31"))
NEW_TARIFF = Tariff("Brackwater Steady 2", date(2026, 4, 1), Decimal("26.13"), Decimal("54.07"))


def working_day_before(when):
    while when.weekday() >= 5:
        when -= timedelta(1)
    return when


def month_end(first):
    return (first + timedelta(31)).replace(day=1) - timedelta(1)


def periods(months, last_day):
    """For each month of 2026, the first of it and a billing period that ends on last_day of it."""
    for number in months:
        first = date(2026, number, 1)
        previous = first - timedelta(1)
        yield first, previous.replace(day=last_day) + timedelta(1), first.replace(day=last_day)


def linked(bills):
    for before, after in zip(bills, bills[1:]):
        after.previous = before
    return bills


def electricity_bills():
    bills, reading = [], 48211
    used = {1: 342, 2: 318, 3: 276, 4: 231, 5: 198, 6: 171}
    for first, begins, ends in periods(used, 23):
        kwh, days, charges = used[first.month], (ends - begins).days + 1, []
        old_days = max(0, min(days, (NEW_TARIFF.begins - begins).days))
        old_kwh = kwh * old_days // days
        for tariff, some_days, some in (OLD_TARIFF, old_days, old_kwh), (NEW_TARIFF, days - old_days, kwh - old_kwh):
            if some_days:
                charges.append(Charge(f"Electricity used, {tariff.name}", f"{some} kWh", f"{tariff.unit}p",
                                      pence(some * tariff.unit / 100)))
                charges.append(Charge("Standing charge", f"{some_days} days", f"{tariff.standing}p",
                                      pence(some_days * tariff.standing / 100)))
        bills.append(Bill(
            "Brackwater Energy", "electricity", f"invoices/electricity-2026-{first.month:02}.pdf",
            f"BE-{260000 + first.month * 1173}", "8830 4417 206", ends + timedelta(2), first, begins, ends,
            working_day_before(month_end(first)), charges, 5, (reading, reading + kwh), "kWh"))
        reading += kwh
    return linked(bills)


def gas_bills():
    bills, reading = [], 7302
    used = {3: 88, 4: 61, 5: 34, 6: 19}
    for first, begins, ends in periods(used, 19):
        cubic, days = used[first.month], (ends - begins).days + 1
        kwh = int((cubic * Decimal("1.02264") * Decimal("39.4") / Decimal("3.6")).to_integral_value(ROUND_HALF_UP))
        charges = [Charge("Gas used", f"{kwh} kWh", "6.12p", pence(kwh * Decimal("6.12") / 100)),
                   Charge("Standing charge", f"{days} days", "31.45p", pence(days * Decimal("31.45") / 100))]
        bills.append(Bill("Calder Gas", "gas", f"invoices/gas-2026-{first.month:02}.pdf",
                          f"CG/{first.month:02}/{71200 + first.month * 37}", "GA-220-6195", ends + timedelta(3), first,
                          begins, ends, working_day_before(month_end(first) - timedelta(3)), charges, 5,
                          (reading, reading + cubic), "m³",
                          notes=(f"Your meter counts cubic metres (m³): {cubic} m³ × 1.02264 × 39.4 ÷ 3.6 = {kwh} "
                                 "kWh.",)))
        reading += cubic
    return linked(bills)


def water_bills():
    bills, reading = [], 1184
    used = {3: 9, 4: 11, 5: 12}
    for first, begins, ends in periods(used, 14):
        cubic = used[first.month]
        charges = [Charge("Fresh water", f"{cubic} m³", "£2.14", pence(cubic * Decimal("2.14"))),
                   Charge("Waste water", f"{cubic} m³", "£2.61", pence(cubic * Decimal("2.61"))),
                   Charge("Surface drainage", "1 month", "£4.35", Decimal("4.35"))]
        bills.append(Bill("Wharfe Valley Water", "water", f"invoices/water-2026-{first.month:02}.pdf",
                          f"W{26000 + first.month * 91}", "40 0771 3382", ends + timedelta(4), first, begins, ends,
                          working_day_before(month_end(first) - timedelta(1)), charges, None,
                          (reading, reading + cubic), "m³"))
        reading += cubic
    return linked(bills)


def broadband_bills():
    bills = []
    for first in (date(2026, n, 1) for n in (3, 4, 5)):
        price = Decimal("34.50") if first.month < 4 else Decimal("37.20")
        charges = [Charge("Hopline Fibre 100", "1 month", pounds(price), price)]
        if first.month == 4:
            charges.append(Charge("Engineer visit, 9 April", "1", "£25.00", Decimal("25.00")))
        bills.append(Bill("Hopline", "broadband", f"invoices/hopline {first:%b %Y}.pdf".lower(),
                          f"H-{9920441 + first.month}", "HL-55120-P", first, first, first, month_end(first),
                          working_day_before(first + timedelta(13)), charges, None,
                          notes=("Prices include VAT at 20%.",)))
    return linked(bills)


ELECTRICITY, GAS, WATER, BROADBAND = electricity_bills(), gas_bills(), water_bills(), broadband_bills()
BILLS = ELECTRICITY + GAS + WATER + BROADBAND


def bill(kind, number):
    """The bill of a kind for a month of 2026."""
    return next(b for b in BILLS if b.kind == kind and b.month.month == number)


@dataclasses.dataclass
class Work:
    """A tradesman's invoice."""
    who: str
    path: str
    number: str
    dated: date
    paid: date
    charges: list
    vat: int

    net, tax, total = Bill.net, Bill.tax, Bill.total


GARAGE = Work("Denby Lane Motors", "invoices/Scan 17-04-2026.pdf", "DLM 3306", date(2026, 4, 17), date(2026, 4, 17), [
    Charge("Brake discs, front, pair", "1", "£78.40", Decimal("78.40")),
    Charge("Brake pads, front, set", "1", "£41.15", Decimal("41.15")),
    Charge("Wiper blades", "2", "£11.90", Decimal("23.80")),
    Charge("Labour", "2.5 h", "£62.00", Decimal("155.00"))], 20)
PLUMBER = Work("J. Okafor Plumbing & Heating", "invoices/Okafor 0219.pdf", "0219", date(2026, 2, 11),
               date(2026, 2, 16), [
    Charge("Call-out, Larch Row", "1", "£45.00", Decimal("45.00")),
    Charge("Thermostatic radiator valve, landing", "1", "£27.60", Decimal("27.60")),
    Charge("Trap and waste under kitchen sink", "1", "£18.25", Decimal("18.25")),
    Charge("Labour", "1.5 h", "£54.00", Decimal("81.00"))], 20)

# ---- other facts --------------------------------------------------------------------------------------------------
HOME_POLICY, CAR_POLICY = "MM-HB-7720418-R", "CR 55 190 338"
HOME_PREMIUM, HOME_EXCESS, ESCAPE_OF_WATER_EXCESS = Decimal("263.18"), Decimal("150.00"), Decimal("350.00")
CAR_PREMIUM = Decimal("412.66")
POLICY_BEGINS = date(2026, 3, 1)

SURVEY = date(2026, 6, 9)
INJECTED_DATE = date(2026, 1, 1)
BOILER_SERVICE = date(2026, 9, 22)
BROWN_BIN_DAY, BROWN_BIN_FROM = "Tuesday", date(2026, 5, 5)
BROWN_BIN_OLD_DAY = "Friday"
FERRY_REFERENCE, CAMPSITE_REFERENCE = "NQF-48213-K", "LP26-0077"
FERRY_OUT, FERRY_BACK = date(2026, 8, 8), date(2026, 8, 22)
RUTH_PASSPORT = date(2027, 11, 11)
CHOIR_TIME = "7.15"
DENTIST_VISIT = date(2026, 7, 16)
DENTIST = f"{weekday(DENTIST_VISIT)} at 10.40 with Mrs Adeyemi"
KITCHEN_ORDERED, KITCHEN_COMES = date(2026, 5, 18), date(2026, 9, 4)
TO_CARCASSONNE_KM = 948
MM_PER_TIP = "0.2794"

TODO = ["ring Okafor about the boiler service", "renew library books (due 3 July)",
        "check Idris's passport before we go", "return the carpet samples", "claim the mileage for May"]
DONE = ["MOT and brakes, Denby Lane", "send meter reading to Brackwater"]
SHOPPING = ["wholemeal flour", "oat milk", "eggs (12)", "cannellini beans x 3", "washing-up liquid", "bin bags",
            "something nice for Marion"]


# ---- accounts -----------------------------------------------------------------------------------------------------
GROCERS = ["Garnett's Supermarket", "Wharfe Farm Shop", "Harvest & Vine", "Market stall"]
EATING_OUT = ["The Buck Inn", "Saffron House", "Bridge Street Café", "Nonna Lucia"]


def account_rows(year, months):
    """(date, payee, category, amount), sorted by date: what went out of the joint account."""
    rows = []

    def add(when, payee, category, amount):
        rows.append((when, payee, category, pence(amount)))

    for number in months:
        first = date(year, number, 1)
        last = month_end(first)
        for shop in range(5 + pick(3, year, number, "shops")):
            key = year, number, "grocery", shop
            add(first + timedelta(pick(last.day, *key, "day")), GROCERS[pick(len(GROCERS), *key)], "groceries",
                Decimal(680 + pick(8400, *key, "amount")) / 100)
        for fill in range(1 + pick(2, year, number, "fills")):
            key = year, number, "fuel", fill
            add(first + timedelta(pick(last.day, *key, "day")), "Chevin Filling Station", "fuel",
                Decimal(3100 + pick(3300, *key, "amount")) / 100)
        for meal in range(pick(4, year, number, "meals")):
            key = year, number, "meal", meal
            add(first + timedelta(pick(last.day, *key, "day")), EATING_OUT[pick(len(EATING_OUT), *key)], "eating out",
                Decimal(920 + pick(5600, *key, "amount")) / 100)
        if number not in (2, 3):
            add(first, "Wharfedale District Council", "council tax", "187.00" if year == 2025 else "194.00")
        add(first + timedelta(4), "Aireborough Credit Union", "savings", "120.00")
        add(first + timedelta(8), "The Wharfedale Courier", "subscriptions", "6.99")
        add(first + timedelta(11), "Brackwater Home Cover", "insurance", "11.50")
        if pick(2, year, number, "garden"):
            add(first + timedelta(pick(last.day, year, number, "garden day")), "Leafy Corner Nursery", "garden",
                Decimal(450 + pick(4200, year, number, "plants")) / 100)
        if pick(3, year, number, "gift") == 0:
            add(first + timedelta(pick(last.day, year, number, "gift day")), "Bookbinder & Daughters", "gifts",
                Decimal(899 + pick(2600, year, number, "gift amount")) / 100)
    if year == 2025:
        # Bills of last year: no document of them is left, only what was paid.
        shape = {1: 104, 2: 98, 3: 91, 4: 74, 5: 63, 6: 55, 7: 52, 8: 54, 9: 61, 10: 72, 11: 86, 12: 99}
        for number in months:
            last = month_end(date(year, number, 1))
            for payee, share, back in (("Brackwater Energy", 100, 0), ("Calder Gas", 84, 3),
                                       ("Wharfe Valley Water", 60, 1)):
                add(working_day_before(last - timedelta(back)), payee, "utilities",
                    Decimal(shape[number] * share + pick(600, year, number, payee)) / 100)
            add(working_day_before(date(year, number, 14)), "Hopline", "utilities", "34.50")
        add(date(2025, 3, 1), "Merrow Mutual", "insurance", "248.90")
        add(date(2025, 5, 12), "Crossgates Motor Policies", "insurance", "398.20")
        add(date(2025, 8, 2), "Gîtes de la Rance", "travel", "640.00")
        add(date(2025, 9, 9), "J. Okafor Plumbing & Heating", "house", "96.00")
    else:
        for one in BILLS:
            add(one.due, one.supplier, "utilities", one.total)
        # Months whose gas, water and broadband bills were not kept.
        for number, gas, water in (1, "96.81", "51.20"), (2, "88.37", "49.02"):
            last = month_end(date(2026, number, 1))
            add(working_day_before(last - timedelta(3)), "Calder Gas", "utilities", gas)
            add(working_day_before(last - timedelta(1)), "Wharfe Valley Water", "utilities", water)
            add(working_day_before(date(2026, number, 14)), "Hopline", "utilities", "34.50")
        add(POLICY_BEGINS, "Merrow Mutual", "insurance", HOME_PREMIUM)
        add(date(2026, 5, 12), "Crossgates Motor Policies", "insurance", CAR_PREMIUM)
        add(PLUMBER.paid, PLUMBER.who, "house", PLUMBER.total)
        add(GARAGE.paid, GARAGE.who, "car", GARAGE.total)
        add(date(2026, 3, 21), "Garnett's Supermarket", "groceries", "-14.38")  # a refund
        add(date(2026, 2, 27), "Penllyn Ferries", "travel", "418.00")
    return sorted((row for row in rows if row[0] <= TODAY), key=lambda row: (row[0], row[1], row[3]))


ACCOUNTS = {2025: account_rows(2025, range(1, 13)), 2026: account_rows(2026, range(1, 7))}


def amounts(year, category=None):
    return [row[3] for row in ACCOUNTS[year] if category in (None, row[2])]


PUPILS = [("Ilkley", "piano, Feldman", 10.4), ("Burley", "two lessons", 6.2), ("Harrogate", "examination day", 31.6),
          ("Guiseley", "choir accompaniment", 7.9), ("Menston", "piano, Okoro", 6.8),
          ("Skipton", "summer school meeting", 34.3)]
# (date, from, to, purpose, km), there and back
MILEAGE = [(when, "Otley", *PUPILS[at][:2], Decimal(str(PUPILS[at][2])) * 2)
           for when, at in ((date(2026, 1, 12) + timedelta(5 * n + pick(4, "trip", n)), pick(len(PUPILS), "pupil", n))
                            for n in range(31))]
MILEAGE_KM = sum(row[4] for row in MILEAGE)

INVENTORY = [
    ("Jam, blackcurrant", 9, "cellar", "made July 2025\nuse the oldest first"),
    ("Jam, rhubarb & ginger", 4, "cellar", "2 jars promised to Marion"),
    ("Chutney, apple", 11, "cellar", 'the 8" shelf'),
    ("Tomatoes, tinned", 14, "cellar", ""),
    ("Peas", 3, "freezer", "1 kg bags"),
    ("Leek and potato soup", 6, "freezer", "portions for two"),
    ("Bread, sliced", 2, "freezer", ""),
    ("Rhubarb, stewed", 5, "freezer", "no sugar"),
    ("Light bulbs, E27", 7, "cellar", "warm white"),
    ("Batteries, AA", 18, "desk", "rechargeable:\n12 charged, 6 not"),
]
