"""Random values for the slots of firmware/data: names, companies, sums, dates.

Every list of words is split by a hash into what training sees and what only the exam sees, so that no held-out name can be
in a training text; firmware/tests proves it.
"""
import datetime
import hashlib
import random
import re

MONTHS = "January February March April May June July August September October November December".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
HELD_OUT_PERCENT = 12


def held_out(text, salt=""):
    return int(hashlib.md5((salt + text).encode()).hexdigest(), 16) % 100 < HELD_OUT_PERCENT


FIRST = """James Mary John Linda Robert Susan Oliver Amelia Harry Isla George Ava Noah Mia Jack Emily Priya Arjun Fatima Omar Chen
Wei Sofia Luca Hannah Greta Pavel Nadia Kofi Ama Diego Elena Tom Peter Joan Derek Maureen Gwen Niamh Liam Fiona Callum Zara
Yusuf Ingrid Lars Petra Otto Alice Ben Clara David Esther Frank Grace Hugo Irene Jonas Kate Leo Martha Nina Oscar Paula Quentin
Rosa Simon Tess Ursula Victor Wendy Xavier Yvonne Zoe Aisha Bilal Carmen Dmitri Eilidh Farid Gita Hiro Ivana Jorge Keiko Lena
Malik Noor Olga Pedro Rania Samir Tanya Umar Vera Wanda Yara Abdul Bridget Cedric Daphne Edwin Felicity Gareth Hilda Ian Judith
Kenneth Lorna Morag Neville Olive Philippa Rhys Sheila Trevor Una Vincent Winifred Agnes Bernard Celia Duncan Edith Fergus Gloria
Howard Imogen Jasper Kirsty Leonard Mabel Nigel Ottilie Percy Rupert Sylvia Toby Vikram Anjali Mei Jun Tariq Leila""".split()
LAST = """Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker Hughes Green Hall Lewis Clarke Khan Murphy
Bennett Cook Bailey Shah Ward Foster Gray Novak Rossi Weber Kowalski Mensah Fraser Byrne Doyle Sinclair Whitaker Holloway Marsh
Ashworth Lindqvist Moreau Adams Baker Carter Dixon Evans Fletcher Gibson Harris Ingram Jenkins Kelly Lawson Mason Newton Owen
Palmer Quinn Roberts Stone Turner Underwood Vaughan Watson Young Barker Chapman Dawson Ellis Ford Grant Hart Irving Jarvis Knight
Lambert Mitchell Nash Osborne Parry Reid Sutton Thorne Vance Webb Yates Abbott Boyd Crane Drake Elliott Finch Gould Hobbs Kemp Lowe
Medina Nakamura Oduya Petrov Ramos Santos Tanaka Ullman Varga Wolff Yilmaz Zhang Banerjee Costa Dubois Eriksen Fischer Garcia Haddad
Ivanov Jansen Kaur Lopez Mbeki Nguyen OConnor Pereira Rahman Schmidt Tremblay Virtanen""".split()
COMPANY_A = """North South East West Bright Blue Silver Red Golden First United Royal City Coast Hill River Lake Sun Star Moor Oak
Ash Elm Pine Stone Iron Swift True Clear Grand Prime Nova Apex Vertex Delta Orion Atlas Harbour Bridge Castle Crown Meadow Valley
Summit Amber Beacon Cedar Dale Echo Falcon Glen Heron Ivy Juniper Kestrel Linden Maple Nimbus Otter Pebble Quarry Raven Saffron
Thistle Umber Vale Willow Yew Zenith Alder Birch Copper Dune Ember Fern Granite Hazel Indigo Jade Lark Marble Opal Pearl Rowan""".split()
COMPANY_B = """light power gas water telecom fibre net mobile care sure bank trust works motors homes foods mart tech labs media
travel air rail energy utilities insurance mutual partners services supplies systems clinic dental pharmacy garage plumbing roofing
gardens kitchens books sports stores direct group digital electrics joinery lettings legal optics press solar vets windows""".split()
PLACES = """Leeds York Bath Oxford Cardiff Dublin Paris Lisbon Madrid Rome Berlin Oslo Vienna Prague Boston Chicago Denver Austin
Toronto Sydney Kyoto Cork Perth Exeter Durham Bristol Norwich Lille Porto Turin Glasgow Inverness Plymouth Brighton Dover Calais
Bruges Ghent Cologne Munich Zurich Geneva Milan Naples Athens Seville Granada Krakow Riga Tallinn Helsinki Malmo Aarhus Bergen Galway
Belfast Swansea Hull Lincoln Derby Chester Lancaster Keswick Whitby Penzance Truro Montreal Seattle Portland Savannah Nara Hobart""".split()
STREETS = """Mill Church High Station Park Victoria Green Manor Orchard School Queen King Spring Chapel Garden Highfield Grange
Bridge North South West East Meadow Woodland Cherry Hawthorn Beech Willow Rose Canal Ferry Castle Abbey Priory Quarry Tanner""".split()
STREET_KINDS = "Lane Street Road Close Avenue Row Drive Way Terrace Court".split()
ITEMS = """apples bread milk coffee tea rice flour paint nails screws bolts lamps chairs tables shirts socks books pens paper
envelopes stamps pots soil tiles pipes filters batteries bulbs cables chargers towels plates cups knives spoons buckets brushes
hinges planks bricks ropes candles curtains cushions blankets boots gloves scarves tents maps keys locks mugs kettles baskets""".split()
FOODS = """red lentils|brown rice|plain flour|caster sugar|butter|eggs|onions|carrots|garlic|tinned tomatoes|double cream|spinach|
chicken thighs|salmon|potatoes|leeks|chickpeas|coconut milk|ginger|oats|treacle|honey|lemons|parsley|mushrooms|pears|plums|
yoghurt|cheddar|bacon|barley|mustard|walnuts|raisins|cinnamon|soy sauce|noodles|peas|beetroot|squash""".replace("\n", "").split("|")
ANIMALS = "cat dog rabbit hamster pony hen parrot tortoise goat ferret gerbil budgie spaniel terrier kitten puppy lamb donkey".split()
PLANTS = """tomatoes roses dahlias beans peas courgettes garlic tulips daffodils raspberries rhubarb strawberries lavender sage mint
chard kale sweetcorn pumpkins clematis wisteria hostas apple-trees currants gooseberries onions leeks""".split()
OBJECTS = """fence hedge parking tree noise extension drain boundary gate wall driveway skip bins dog lease deposit refund complaint
delivery survey permit inspection boiler kitchen bathroom roof chimney gutter shed greenhouse patio carpet sofa piano bicycle
dishwasher oven fridge alarm window door garden loft cellar stairs""".split()
UNITS = [("km", "miles", "kilometres", "miles"), ("miles", "km", "miles", "kilometres"), ("kg", "lb", "kilos", "pounds"),
         ("lb", "kg", "pounds", "kilos"), ("C", "F", "degrees celsius", "fahrenheit"), ("F", "C", "fahrenheit", "celsius"),
         ("litres", "gallons", "litres", "gallons"), ("cm", "inches", "centimetres", "inches"), ("m", "feet", "metres", "feet"),
         ("hours", "minutes", "hours", "minutes"), ("g", "oz", "grams", "ounces"), ("feet", "m", "feet", "metres"),
         ("inches", "cm", "inches", "centimetres"), ("gallons", "litres", "gallons", "litres"), ("days", "hours", "days", "hours")]


class Values:
    """Values of one split ("train" or "test"), from one random source."""

    def __init__(self, rng, split, words):
        self.rng, self.split = rng, split
        part = lambda items: [x for x in items if held_out(x) == (split == "test")]
        self.firsts, self.lasts = part(FIRST), part(LAST)
        self.company_a, self.company_b = part(COMPANY_A), part(COMPANY_B)
        self.places, self.streets, self.items, self.foods = part(PLACES), part(STREETS), part(ITEMS), part(FOODS)
        self.words = part(words)
        self.animals, self.plants, self.objects = ANIMALS, PLANTS, OBJECTS

    def pick(self, items):
        return items[int(self.rng.random() * len(items))]

    def person(self):
        x = self.rng.random()
        name = self.pick(self.firsts) + " " + self.pick(self.lasts)
        return name if x < 0.8 else self.pick(["Mr ", "Mrs ", "Ms ", "Dr "]) + self.pick(self.lasts) if x < 0.93 else \
            self.pick(self.firsts)[0] + ". " + self.pick(self.lasts)

    def company(self):
        a, b, x = self.pick(self.company_a), self.pick(self.company_b), self.rng.random()
        if x < 0.35:
            return a + b
        if x < 0.75:
            return f"{a} {b.capitalize()}" + self.pick(["", "", "", " Ltd", " Limited", " plc"])
        if x < 0.88:
            return self.pick(self.lasts) + " & " + self.pick(["Sons", "Co", "Partners", "Daughters", self.pick(self.lasts)])
        return self.pick(self.lasts) + " " + b.capitalize()

    def number(self):
        """An amount without its currency, as the calculator reads it."""
        x = self.rng.random()
        value = self.rng.uniform(3, 180) if x < 0.6 else self.rng.uniform(180, 3000) if x < 0.85 else \
            float(self.rng.randint(5, 900)) if x < 0.95 else self.rng.uniform(3000, 90000)
        return f"{value:.2f}"

    def money(self, number=None, currency=None):
        number = number or self.number()
        currency = currency or self.pick("££££££€$")
        if number.endswith(".00") and self.rng.random() < 0.6:
            number = number[:-3]
        whole, point, rest = number.partition(".")
        text = f"{int(whole):,}{point}{rest}"
        if self.rng.random() < 0.94:
            return currency + text
        return text + {"£": " GBP", "€": " EUR", "$": " USD"}[currency]

    def day(self, year=None, month=None):
        return datetime.date(year or self.rng.randint(2022, 2027), month or self.rng.randint(1, 12), self.rng.randint(1, 28))

    def date(self, day=None, said=False):
        """A day as documents (or people, with `said`) write it."""
        day = day or self.day()
        month, x = MONTHS[day.month - 1], self.rng.random()
        if x < 0.55:
            return f"{day.day} {month} {day.year}"
        if x < 0.68:
            return f"{month} {day.day}, {day.year}" if self.rng.random() < 0.6 else f"{month} {day.day} {day.year}"
        if x < 0.85 or said:
            return day.isoformat()
        if x < 0.92:
            return f"{day.day:02d}/{day.month:02d}/{day.year}"
        return f"{day.day} {month[:3]} {day.year}" if x < 0.96 else f"{self.pick(DAYS)} {day.day} {month} {day.year}"

    def time(self):
        hour, minute, x = self.rng.randint(1, 12), self.pick(["00", "15", "30", "45", "10", "40", "20", "50"]), self.rng.random()
        half = self.pick(["am", "pm"])
        if x < 0.35:
            return f"{hour}:{minute} {half}"
        if x < 0.55:
            return f"{hour}.{minute}{self.pick(['', ' '])}{half}"
        if x < 0.75:
            return f"{hour} {half}" if self.rng.random() < 0.5 else f"{hour}{half}"
        return f"{self.rng.randint(6, 22):02d}:{minute}"

    def ref(self):
        letters = lambda n: "".join(self.pick("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(n))
        digits = lambda n: "".join(self.pick("0123456789") for _ in range(n))
        x = self.rng.random()
        if x < 0.45:
            return letters(self.rng.randint(1, 3)) + self.pick(["-", "", " ", "-"]) + digits(self.rng.randint(3, 8))
        if x < 0.6:
            return digits(self.rng.randint(5, 10))
        if x < 0.75:
            return f"{letters(2)}-{digits(4)}-{letters(1)}"
        if x < 0.88:
            return f"{letters(2)}/{digits(2)}/{digits(3)}"
        return " ".join(digits(self.rng.randint(2, 4)) for _ in range(3))

    def phone(self):
        digits = lambda n: "".join(self.pick("0123456789") for _ in range(n))
        return self.pick([f"01{digits(3)} {digits(6)}", f"07{digits(3)} {digits(6)}", f"020 {digits(4)} {digits(4)}",
                          f"+44 1{digits(3)} {digits(6)}", f"0800 {digits(3)} {digits(3)}"])

    def word(self):
        return self.pick(self.words)

    def slot(self, name):
        """The value of a slot `name` without its number, as text."""
        rng = self.rng
        if name == "person": return self.person()
        if name == "first": return self.pick(self.firsts)
        if name == "last": return self.pick(self.lasts)
        if name == "company": return self.company()
        if name == "amount": return self.money()
        if name == "date": return self.date()
        if name == "month": return self.pick(MONTHS)
        if name == "year": return str(rng.randint(2022, 2027))
        if name == "dow": return self.pick(DAYS)
        if name == "time": return self.time()
        if name == "place": return self.pick(self.places)
        if name == "street": return f"{rng.randint(1, 140)} {self.pick(self.streets)} {self.pick(STREET_KINDS)}"
        if name == "postcode": return f"{self.pick('BCDEGHLMNPSTWY')}{self.pick('ABDEHLNOSTX')}{rng.randint(1, 28)} {rng.randint(1, 9)}{self.pick('ABDEFGHJLN')}{self.pick('ABDEFGHJLN')}"
        if name == "ref": return self.ref()
        if name == "phone": return self.phone()
        if name == "email": return f"{self.pick(self.firsts).lower()}.{self.pick(self.lasts).lower()}@{self.pick(self.company_a).lower()}{self.pick(self.company_b)}.{self.pick(['co.uk', 'com', 'org', 'example'])}"
        if name == "n": return str(rng.randint(2, 40))
        if name == "big": return str(rng.randint(100, 9000))
        if name == "decimal": return f"{rng.uniform(0.1, 99):.{rng.randint(1, 3)}f}"
        if name == "percent": return (f"{rng.uniform(0.5, 30):.1f}%" if rng.random() < 0.6 else f"{rng.randint(1, 60)}%")
        if name == "item": return self.pick(self.items)
        if name == "food": return self.pick(self.foods)
        if name == "animal": return self.pick(self.animals)
        if name == "plant": return self.pick(self.plants)
        if name == "object": return self.pick(self.objects)
        if name == "word": return self.word()
        if name == "url": return f"www.{self.pick(self.company_a).lower()}{self.pick(self.company_b)}.{self.pick(['co.uk', 'com', 'org'])}"
        if name == "version": return f"{rng.randint(0, 12)}.{rng.randint(0, 20)}" + (f".{rng.randint(0, 9)}" if rng.random() < 0.5 else "")
        if name == "duration": return self.pick(["two", "three", "four", "five", "six", "10", "14", "21", "12", "18"]) + " " + self.pick(["days", "weeks", "months", "years", "hours", "minutes"])
        raise KeyError(name)


ALTERNATIVES = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{([a-z]+)(\d*)\}")


def choose_alternatives(text, rng):
    def one(match):
        options = match.group(1).split("|")
        return options[int(rng.random() * len(options))]

    return ALTERNATIVES.sub(one, text)
