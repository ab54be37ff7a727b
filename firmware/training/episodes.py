"""Episodes for the firmware model: goals over realistic random homes, in the shape of firmware/FORMAT.md.

Names, companies, places, words, tools and questions are split by a hash into what training sees and what only the exam
sees (`split`), so that no held-out value is ever in a training episode; firmware/tests proves it. Phrasings are shared.

`G(seed, split).episode()` gives a list of (prompt, answer): one for the plan and one for each call.
"""

import gzip
import json
import os
import random
import re

# The collections of the model card (SGD, Snips, QAMR, GSM8K): the data is not part of this repository.
D = os.environ.get("DAIMON_TRAINING_DATA", "data") + "/"
R = random.Random
MONTHS = "January February March April May June July August September October November December".split()
FIRST = "James Mary John Linda Robert Susan Oliver Amelia Harry Isla George Ava Noah Mia Jack Emily Priya Arjun Fatima Omar Chen Wei Sofia Luca Hannah Greta Pavel Nadia Kofi Ama Diego Elena Tom Ruth Peter Joan Derek Maureen Gwen Idris Niamh Liam Fiona Callum Zara Yusuf Ingrid Lars Petra Otto".split()
LAST = "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker Hughes Green Hall Lewis Clarke Khan Murphy Bennett Cook Bailey Shah Ward Foster Gray Novak Rossi Weber Kowalski Okafor Mensah Fraser Byrne Doyle Sinclair Whitaker Holloway Marsh Pemberton Ashworth Lindqvist Moreau".split()
COA = "North South East West Bright Blue Silver Green Red Golden First United Royal City Coast Hill River Lake Sun Star Moor Oak Ash Elm Pine Stone Iron Swift True Clear Grand Prime Nova Apex Vertex Delta Orion Atlas Harbour Bridge Castle Crown Meadow Valley Summit".split()
COB = "light power gas water telecom fibre net mobile care sure bank trust works motors homes foods mart tech labs media travel air rail energy utilities insurance mutual partners services supplies systems clinic dental pharmacy garage plumbing roofing gardens kitchens books sports".split()
SERV = {
    "electricity": ["electricity", "power", "electric", "leccy", "energy"],
    "gas": ["gas", "heating"],
    "water": ["water"],
    "broadband": ["broadband", "internet", "wifi"],
    "mobile phone": ["mobile", "phone"],
    "council tax": ["council tax"],
    "home insurance": ["home insurance", "house insurance"],
    "car insurance": ["car insurance"],
    "rent": ["rent"],
    "plumbing": ["plumber", "plumbing"],
    "car service": ["car service", "garage"],
    "dentist": ["dentist", "dental treatment"],
    "vet": ["vet", "vet's"],
    "window cleaning": ["window cleaning", "window cleaner"],
    "childcare": ["childcare", "nursery"],
    "piano lessons": ["piano lessons"],
    "gym": ["gym", "gym membership"],
    "boiler service": ["boiler service", "boiler"],
    "roof repair": ["roof repair", "roofer"],
    "storage unit": ["storage unit", "storage"],
}
ITEMS = "apples bread milk coffee tea rice flour paint nails screws bolts lamps chairs tables shirts socks books pens paper envelopes stamps seeds pots soil tiles pipes filters batteries bulbs cables chargers towels plates cups knives spoons".split()
CATS = "groceries rent travel fuel utilities dining clothes health gifts insurance books music sport garden pets childcare repairs education household entertainment savings charity phone salary".split()
TOPICS = "garden kitchen holiday budget wedding birthday project meeting recipe house school car boat choir football allotment renovation party trip allergy medication exam reading shopping packing camping course boiler fence roof piano bicycle passport visa".split()
OBJ = "fence hedge parking tree noise extension drain boundary gate wall driveway skip bins dog lease deposit refund complaint delivery survey planning permit inspection".split()
PLACES = "Leeds York Bath Oxford Cardiff Dublin Paris Lisbon Madrid Rome Berlin Oslo Vienna Prague Boston Chicago Denver Austin Toronto Sydney Kyoto Cork Perth Exeter Durham Bristol Norwich Lille Porto Turin".split()
WORDS = None


def words():
    global WORDS
    if WORDS is None:
        import collections

        t = gzip.open(D + "qamr/wiki-sentences.tsv.gz", "rt").read()
        c = collections.Counter(re.findall(r"\b[a-z]{4,10}\b", t))
        WORDS = [w for w, n in c.items() if n >= 2]
    return WORDS


def hsplit(l, split, salt=0):
    import hashlib

    k = [
        x
        for x in l
        if (int(hashlib.md5((str(salt) + str(x)).encode()).hexdigest(), 16) % 100 < 12) == (split == "test")
    ]
    return k or list(l)


EXTS = ["pdf", "md", "txt", "eml", "html"]
NOT = ["table", "none"]


class G:
    def __init__(s, seed, split="train"):
        s.r = R(seed)
        s.split = split
        sp = lambda l: hsplit(l, split)
        s.first, s.last, s.coa, s.cob, s.places = sp(FIRST), sp(LAST), sp(COA), sp(COB), sp(PLACES)
        s.words = sp(words())
        s.qamr = load_qamr(split)
        s.tools = load_tools(split)

    def c(s, l):
        return s.r.choice(l)

    def name(s):
        return s.c(s.first) + " " + s.c(s.last)

    def company(s):
        x = s.r.random()
        a, b = s.c(s.coa), s.c(s.cob)
        return (
            a + b
            if x < 0.4
            else (
                a + " " + b.capitalize()
                if x < 0.8
                else (
                    s.c(s.last) + " & " + s.c(["Sons", "Co", "Partners", "Daughters"])
                    if x < 0.9
                    else s.c(s.last) + " " + b.capitalize()
                )
            )
        )

    def cur(s):
        return s.r.choice(["£", "£", "£", "€", "$"])

    def amount(s, big=False):
        x = s.r.random()
        return (
            round(s.r.uniform(3, 180), 2)
            if x < 0.6
            else round(s.r.uniform(180, 3000), 2) if x < 0.9 else float(s.r.randint(5, 900))
        )

    def money(s, a, c):
        t = f"{a:,.2f}" if s.r.random() < 0.85 or a != int(a) else f"{int(a):,}"
        return c + t if s.r.random() < 0.9 else t + " " + {"£": "GBP", "€": "EUR", "$": "USD"}[c]

    def date(s, y=None, m=None):
        y = y or s.r.randint(2022, 2027)
        m = m or s.r.randint(1, 12)
        d = s.r.randint(1, 28)
        return y, m, d

    def fdate(s, d):
        y, m, dd = d
        f = s.r.random()
        M = MONTHS[m - 1]
        return (
            f"{dd} {M} {y}"
            if f < 0.5
            else (
                f"{M} {dd}, {y}"
                if f < 0.65
                else (
                    f"{y}-{m:02d}-{dd:02d}"
                    if f < 0.85
                    else f"{dd:02d}/{m:02d}/{y}" if f < 0.92 else f"{dd} {M[:3]} {y}"
                )
            )
        )

    def ident(s):
        return (
            "".join(s.c("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(s.r.randint(1, 3)))
            + s.c(["-", "", " "])
            + "".join(s.c("0123456789") for _ in range(s.r.randint(4, 8)))
        )

    def fn(s, base, ext=None):
        ext = ext or s.c(EXTS)
        x = s.r.random()
        b = base.lower()
        b = (
            b.replace(" ", "-")
            if x < 0.6
            else b.replace(" ", "_") if x < 0.85 else base if x < 0.93 else b.replace(" ", "")
        )
        d = s.c(
            [
                "invoices",
                "letters",
                "notes",
                "mail",
                "bills",
                "documents",
                "home",
                "papers",
                "2026",
                "archive",
                "admin",
                "house",
                "finance",
                "letters/2026",
                "",
                "",
            ]
        )
        return (d + "/" if d else "") + b + "." + ext

    # fact: dict(path,page,text,q:list of questions,a:answer span,kw)
    def bill(s, serv=None, month=None, year=None, comp=None):
        k = serv or s.c(list(SERV))
        m = month or s.r.randint(1, 12)
        y = year or s.c([2025, 2026, 2026])
        co = comp or s.company()
        a = s.amount()
        cu = s.cur()
        mon = s.money(a, cu)
        M = MONTHS[m - 1]
        acc = s.ident()
        due = s.fdate(s.date(y, m % 12 + 1))
        w = s.c(SERV[k])
        T = [
            f"{co} {k} bill for {M} {y}\nAccount {acc}\nTotal due: {mon}\nPay by {due}",
            f"Invoice {acc}\n{co}\n{k.capitalize()} {M} {y}\nAmount due {mon} by {due}.",
            f"Statement from {co}. Your {k} for {M} {y} came to {mon}. Payment is taken on {due}.",
            f"Dear {s.name()}, your {k} charge for {M} {y} is {mon}. Please pay by {due}. Reference {acc}.",
            f"Period: {M} {y}\nService: {k}\nNet {s.money(round(a*.8,2),cu)}  VAT {s.money(round(a*.2,2),cu)}  Total {mon}",
            f"Thank you for choosing {co}.\nBalance brought forward {s.money(s.amount(),cu)}\nThis month ({M} {y}): {mon}\nDirect debit on {due}",
        ]
        ti = s.r.randrange(len(T))
        text = T[ti]
        yq = s.c(["", f" {y}"])
        Q = [
            (f"What did I pay for {w} in {M}{yq}", mon),
            (f"how much was the {M} {w} bill", mon),
            (f"{w} bill {M}{yq}", mon),
            (f"how much did {co} charge me for {M}", mon),
            (f"what was my {w} bill for {M}{yq}", mon),
            (f"cost of {w} in {M}{yq}", mon),
            (f"tell me the total on the {M} {w} invoice", mon),
            (f"{M} {w} - how much", mon),
            (f"what do I owe {co} for {M}", mon),
        ]
        if ti in (0, 1, 3):
            Q += [
                (
                    (
                        f"what's my account number with {co}"
                        if ti != 3
                        else f"what is the reference on the {co} {M} letter"
                    ),
                    acc,
                )
            ]
        if ti != 4:
            Q += [(f"when is the {M} {w} bill due", due), (f"by when must I pay the {M} {w} bill", due)]
        if ti != 4:
            Q += [(f"who sent the {w} bill for {M}", co)] if ti != 3 else []
        q, ans = s.c(Q) if s.r.random() < 0.45 else s.c(Q[:9])
        return dict(
            path=s.fn(
                s.c([f"{co} {M}", f"{w} {M} {y}", f"{w} {m:02d}", f"{y}-{m:02d} {co}", f"invoice {acc.lower()}"])
            ),
            text=text,
            q=q,
            a=ans,
            kw=kwof(q),
            amount=a,
            cu=cu,
            mon=mon,
            serv=k,
            w=w,
            m=m,
            y=y,
            co=co,
            page=s.c([None, 1, 1, 2]),
        )

    def letter(s):
        f, t = s.name(), s.name()
        o = s.c(OBJ)
        d = s.fdate(s.date())
        co = s.company()
        pl = s.c(s.places)
        a = s.money(s.amount(), s.cur())
        ref = s.ident()
        n = s.r.randint(2, 40)
        tm = f"{s.r.randint(1,12)}:{s.c(['00','15','30','45'])} {s.c(['am','pm'])}"
        dow = s.c("Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split())
        wd = s.c(s.words)
        wd2 = s.c(s.words)
        L = [
            (
                f"Dear {t},\nI am writing about the {o}. I would like it settled before {d}.\nYours, {f}",
                [
                    (f"who wrote the letter about the {o}", f),
                    (f"who wrote to me about the {o}", f),
                    (f"by when does {f.split()[0]} want the {o} settled", d),
                    (f"who complained about the {o}", f),
                ],
            ),
            (
                f"{co}\nRe: {o}\nWe confirm the visit on {d} at {tm}. Our engineer {f} will call.",
                [
                    (f"when is {co} coming about the {o}", d),
                    (f"what time is the {o} visit", tm),
                    (f"who is the engineer for the {o}", f),
                    (f"what day does {co} visit", d),
                ],
            ),
            (
                f"Policy number {ref}\nInsurer: {co}\nThe policy expires on {d}. Annual premium {a}.",
                [
                    (f"what is my policy number with {co}", ref),
                    (f"when does the {co} policy expire", d),
                    (f"how much is the premium at {co}", a),
                    (f"policy number {co}", ref),
                    (f"who is my insurer", co),
                ],
            ),
            (
                f"Passport of {t}\nNumber {ref}\nDate of expiry {d}",
                [
                    (f"when does {t.split()[0]}'s passport expire", d),
                    (f"passport number of {t}", ref),
                    (f"what is {t}'s passport number", ref),
                    ("when does my passport run out", d),
                ],
            ),
            (
                f"From: {f}\nTo: {t}\nSubject: {o}\nHi {t.split()[0]}, lunch in {pl} on {dow} at {tm}? Bring the {wd} {wd2}.",
                [
                    (f"where does {f} want to have lunch", pl),
                    (f"when is lunch with {f.split()[0]}", dow),
                    (f"what time is lunch with {f.split()[0]}", tm),
                    (f"what should I bring to lunch with {f}", f"the {wd} {wd2}"),
                ],
            ),
            (
                f"Meeting notes, {d}\nPresent: {f}, {t}\nDecision: move the {o} to {dow}. Budget {a}.\nAction: {f.split()[0]} to call {co}.",
                [
                    (f"what was decided about the {o}", f"move the {o} to {dow}"),
                    (f"who has to call {co}", f.split()[0]),
                    (f"what budget was agreed for the {o}", a),
                    (f"when was the meeting about the {o}", d),
                ],
            ),
            (
                f"# {o.capitalize()}\n- {wd} {wd2}: {a}\n- contact {f}, {co}\n- code {ref}\n- {n} weeks",
                [
                    (f"who is the contact for the {o}", f),
                    (f"how much is the {wd} {wd2}", a),
                    (f"what's the code for the {o}", ref),
                    (f"how long will the {o} take", f"{n} weeks"),
                ],
            ),
            (
                f"Hotel {s.c(s.coa)} in {pl}: check-in {d}, {n} nights, booking reference {ref}, {a} in total.",
                [
                    (f"what is the booking reference for {pl}", ref),
                    (f"how many nights in {pl}", str(n) + " nights"),
                    (f"when do we check in in {pl}", d),
                    (f"how much is the hotel in {pl}", a),
                ],
            ),
            (
                f"Prescription for {t}: {wd} {n} mg, twice a day. Dr {f}, {co} surgery.",
                [
                    (f"what dose of {wd} does {t.split()[0]} take", f"{n} mg"),
                    (f"who prescribed {wd}", f"Dr {f}"),
                    (f"how often does {t.split()[0]} take {wd}", "twice a day"),
                ],
            ),
            (
                f"The {wd} pump holds {n} litres and runs at {s.r.randint(100,900)} watts. Service it every {n} months. Warranty until {d}.",
                [
                    (f"how much does the {wd} pump hold", f"{n} litres"),
                    (f"how often should I service the {wd} pump", f"every {n} months"),
                    (f"until when is the {wd} pump under warranty", d),
                ],
            ),
        ]
        text, Q = s.c(L)
        q, a2 = s.c(Q)
        base = s.c([o, f"letter {f.split()[1]}", f"{co}", f"{o} {s.c(TOPICS)}", s.c(TOPICS), f"{t.split()[0]} {o}"])
        return dict(
            path=s.fn(base),
            text=text,
            q=q,
            a=a2,
            kw=" ".join(w for w in re.findall(r"[\w'&-]+", q) if w.lower() not in STOPW)[:60] or o,
            page=s.c([None, None, 1, 2, 3]),
        )

    def wiki(s):
        ex = s.c(s.qamr)
        return dict(
            path=s.fn(s.c(s.words) + " " + s.c(s.words), s.c(["md", "txt", "html", "pdf"])),
            text=ex[1],
            q=ex[0],
            a=ex[2],
            kw=" ".join(w for w in re.findall(r"[\w'-]+", ex[0]) if w.lower() not in STOPW)[:60] or ex[0][:40],
            page=s.c([None, None, 1, 4]),
        )

    def fact(s):
        x = s.r.random()
        return s.bill() if x < 0.34 else s.letter() if x < 0.68 else s.wiki()

    def wrapq(s, q, plain=0.35):
        r = s.r
        x = r.random()
        if x >= plain:
            pre = s.c(
                [
                    "",
                    "",
                    "",
                    "please ",
                    "can you tell me ",
                    "I need to know ",
                    "could you find out ",
                    "do you know ",
                    "quick one: ",
                    "hey, ",
                    "tell me ",
                    "I'd like to know ",
                ]
            )
            q = pre + q
        q = q + s.c(
            [
                "",
                "",
                "?",
                "?",
                ".",
                ", and which document says so?",
                " and where does it say that?",
                ", please?",
                " thanks",
            ]
        )
        if r.random() < 0.5:
            q = q[:1].upper() + q[1:]
        return s.noise(q)

    def noise(s, q):
        r = s.r
        if r.random() < 0.12:
            q = q.lower()
        if r.random() < 0.1 and len(q) > 12:
            i = r.randrange(3, len(q) - 2)
            if q[i].isalpha() and q[i - 1].isalpha():
                q = q[:i] + s.c([q[i + 1 :], q[i - 1] + q[i + 1 :], q[i] + q[i:]])
        return q

    def files(s, must=(), n=None):
        fs = list(must)
        n = n or s.r.randint(max(2, len(fs)), 6)
        while len(fs) < n:
            if s.r.random() < 0.3:
                p, c = s.csv()[:2]
                fs.append((p, c))
            else:
                fs.append(
                    (
                        s.fn(
                            s.c([s.c(TOPICS), s.company(), s.c(TOPICS) + " " + s.c(MONTHS), s.c(s.words)]),
                            s.c(EXTS + ["py", "cpp", "json"]),
                        ),
                        None,
                    )
                )
        s.r.shuffle(fs)
        return fs

    def rfiles(s, fs):
        return "files:" + "".join("\n" + p + (f" ({', '.join(c)})" if c else "") for p, c in fs)

    def csv(s):
        x = s.r.random()
        if x < 0.5:
            c = [
                "date",
                s.c(["payee", "shop", "to", "description"]),
                s.c(["category", "type", "kind"]),
                s.c(["amount", "total", "cost", "price", "value"]),
            ]
        elif x < 0.7:
            c = ["item", "quantity", "price"] + s.c([[], ["location"], ["supplier"]])
        elif x < 0.85:
            c = ["date", "from", "to", s.c(["km", "miles", "distance"])]
        else:
            c = [
                s.c(["name", "member", "student", "player"]),
                s.c(["age", "score", "points", "mark"]),
                s.c(["city", "team", "class", "group"]),
            ]
        b = s.c(
            [
                f"accounts/{s.r.randint(2021,2027)}",
                s.c(["spending", "expenses", "budget", "ledger", "accounts", "bank"])
                + s.c(["", " " + str(s.r.randint(2021, 2027))]),
                s.c(["inventory", "stock", "mileage", "trips", "scores", "members", "orders"]),
                s.c(s.words) + "-" + s.c(["log", "list", "data"]),
            ]
        ).replace(" ", "-")
        d = s.c(["", "", "data/", "finance/", "accounts/", "lists/"]) if "/" not in b else ""
        return d + b + ".csv", c, b

    def pas(s, facts, start=1):
        r = []
        for i, f in enumerate(facts):
            f["n"] = start + i
            r.append(
                f"[{f['n']}] {f['path']}"
                + (f" p{f['page']}" if f.get("page") else "")
                + ": "
                + " / ".join(x.strip() for x in f["text"].split("\n"))
            )
        return "search: " + "\n".join(r)

    SIG = {
        "search": "search(query): find passages in the mounted files",
        "answer": "answer(passage, answer): answer from the passages, or passage 0 when it is not there",
        "read": "read(path): show a file's text",
        "list": "list(path?): show the files of a folder",
        "table": "table(path, operation, column, where_column?, where_value?): exact operation on a column of a CSV file",
        "calculate": "calculate(expression): exact arithmetic, dates and units",
        "write": "write(path, content): stage a new or changed file",
        "ask": "ask(question): ask the person",
    }

    def msg(s, sys, goal, results):
        return "<|bos|><|sys|>" + sys + "<|user|>" + goal + "".join("<|res|>" + x for x in results) + "<|call|>"

    def plan(s, goal, fs, steps, calls="search, answer, read, list, table, calculate, write, ask, none"):
        return [
            (
                s.msg("plan\ncalls: " + calls, goal, [s.rfiles(fs)] if fs else []),
                '{"plan":' + json.dumps(steps, separators=(",", ":")) + "}",
            )
        ]

    def fill(s, call, args, goal, results, offered=None):
        off = offered or [call]
        sys = "call" + "".join("\n" + s.SIG.get(o, o) for o in off)
        return [
            (
                s.msg(sys, goal, results),
                json.dumps({"call": call, "with": args}, separators=(",", ":"), ensure_ascii=False),
            )
        ]

    def distract(s, f, n):
        out = []
        while len(out) < n:
            x = s.r.random()
            if "serv" in f and x < 0.7:
                g = s.bill(
                    serv=f["serv"] if s.r.random() < 0.7 else None,
                    month=None if s.r.random() < 0.7 else f["m"],
                    year=f["y"],
                    comp=f["co"] if s.r.random() < 0.6 else None,
                )
            else:
                g = s.fact()
            if "serv" in f and g.get("serv") == f["serv"] and g.get("m") == f["m"]:
                continue
            out.append(g)
        return out

    def lookup(s, parts="all"):
        f = s.fact()
        goal = s.wrapq(f["q"])
        fs = s.files([(f["path"], None)] if s.r.random() < 0.8 else [])
        out = []
        rf = s.rfiles(fs)
        write = s.r.random() < 0.18
        notthere = s.r.random() < 0.18
        dis = s.distract(f, s.r.randint(1, 3) if not notthere else s.r.randint(2, 4))
        steps = ["search", "answer"]
        if write:
            wp = s.c(s.words) + "." + s.c(["txt", "md", "txt"])
            goal = s.noise(
                s.c(
                    [
                        f"find {f['q']} and save it to {wp}",
                        f"{f['q']}? write the answer into {wp}",
                        f"look up {f['q']}, put it in {wp}",
                        f"save {f['q']} in {wp}",
                    ]
                )
            )
            steps.append("write")
        out += s.plan(goal, fs, steps)
        out += s.fill("search", {"query": f["kw"]}, goal, [rf])
        P = dis + ([] if notthere else [f])
        s.r.shuffle(P)
        res = s.pas(P)
        out += s.fill("answer", {"passage": 0} if notthere else {"passage": f["n"], "answer": f["a"]}, goal, [rf, res])
        if write and not notthere:
            out += s.fill("write", {"path": wp, "content": f["a"]}, goal, [rf, res, f"answer: {f['a']} [{f['n']}]"])
        return out

    def num(s, a):
        return f"{a:.2f}" if a != int(a) else s.c([f"{a:.2f}", f"{int(a)}"]) if 0 else f"{a:.2f}"

    def addbills(s):
        k = s.c(list(SERV))
        y = s.c([2025, 2026])
        m1, m2 = s.r.sample(range(1, 13), 2)
        co = s.company()
        A = s.bill(k, m1, y, co)
        B = s.bill(k, m2, y, co)
        w = s.c(SERV[k])
        M1, M2 = MONTHS[m1 - 1], MONTHS[m2 - 1]
        for f in (A, B):
            f["text"] = f["text"]
        op, ex = s.c([("add", "{} + {}"), ("diff", "{1} - {0}")])
        a, b = f"{A['amount']:.2f}", f"{B['amount']:.2f}"
        if op == "add":
            goal = s.c(
                [
                    f"add the {M1} and {M2} {w} bills",
                    f"what did I pay for {w} in {M1} and {M2} together",
                    f"total of the {w} bills for {M1} and {M2}",
                    f"{w} {M1} plus {M2}",
                    f"how much were the {M1} and {M2} {w} bills in all",
                ]
            )
            e = f"{a} + {b}"
        else:
            goal = s.c(
                [
                    f"how much more was {w} in {M2} than in {M1}",
                    f"difference between the {M1} and {M2} {w} bills",
                    f"by how much did the {w} bill go up from {M1} to {M2}",
                ]
            )
            e = f"{b} - {a}"
        val = f"{(A['amount']+B['amount'] if op=='add' else B['amount']-A['amount']):.2f}"
        write = s.r.random() < 0.5
        wp = s.c(s.words) + ".txt"
        two = s.r.random() < 0.7
        if write:
            goal += (
                s.c(
                    [
                        f" and save the total in {wp}",
                        f", write it to {wp}",
                        f" and put the result into {wp}",
                        f" -> {wp}",
                    ]
                )
                if op == "add"
                else s.c([f" and save it in {wp}", f", write it to {wp}"])
            )
        goal = s.wrapq(goal, 0.6)
        fs = s.files([(A["path"], None), (B["path"], None)])
        rf = s.rfiles(fs)
        steps = (["search", "search"] if two else ["search"]) + ["calculate"] + (["write"] if write else [])
        out = s.plan(goal, fs, steps)
        if two:
            P1 = [A] + s.distract(A, 1)
            P2 = [B] + s.distract(B, 1)
            s.r.shuffle(P1)
            s.r.shuffle(P2)
            out += s.fill("search", {"query": f"{w} {M1}"}, goal, [rf])
            r1 = s.pas(P1)
            out += s.fill("search", {"query": f"{w} {M2}"}, goal, [rf, r1])
            r2 = s.pas(P2, len(P1) + 1)
            rs = [rf, r1, r2]
        else:
            P = [A, B] + s.distract(A, 1)
            s.r.shuffle(P)
            out += s.fill("search", {"query": f"{w} {M1} {M2}"}, goal, [rf])
            rs = [rf, s.pas(P)]
        out += s.fill("calculate", {"expression": e}, goal, rs)
        rs = rs + [f"calculate: {e} = {val}"]
        if write:
            out += s.fill("write", {"path": wp, "content": val}, goal, rs)
        return out

    def table(s):
        p, cols, b = s.csv()
        r = s.r
        numc = next(
            (
                c
                for c in cols
                if c
                in (
                    "amount",
                    "total",
                    "cost",
                    "price",
                    "value",
                    "quantity",
                    "km",
                    "miles",
                    "distance",
                    "age",
                    "score",
                    "points",
                    "mark",
                )
            ),
            cols[-1],
        )
        txtc = [c for c in cols if c != numc]
        op = s.c(["sum", "sum", "sum", "count", "average", "min", "max", "distinct", "list"])
        col = numc if op in ("sum", "average", "min", "max") else s.c(cols) if op == "list" else s.c(txtc)
        name = s.c([p, p, p.split("/")[-1], b.split("/")[-1].replace("-", " "), f"the {b.split('/')[-1]} file"])
        V = {
            "sum": [
                "sum the {c} column of {f}",
                "total {c} in {f}",
                "add up {c} in {f}",
                "what is the sum of {c} in {f}",
                "how much {c} in {f} altogether",
            ],
            "count": ["how many rows are in {f}", "count the entries in {f}", "how many lines does {f} have"],
            "average": ["average {c} in {f}", "what's the mean {c} in {f}", "work out the average {c} of {f}"],
            "min": ["lowest {c} in {f}", "what is the smallest {c} in {f}", "minimum {c} {f}"],
            "max": ["highest {c} in {f}", "what is the largest {c} in {f}", "biggest {c} in {f}"],
            "distinct": [
                "which different {c}s are in {f}",
                "list the distinct {c} values in {f}",
                "what kinds of {c} are there in {f}",
            ],
            "list": ["list the {c} column of {f}", "show every {c} in {f}"],
        }
        goal = s.c(V[op]).format(c=col, f=name)
        where = None
        if r.random() < 0.5 and op in ("sum", "count", "average", "min", "max"):
            wc = s.c(txtc)
            wv = (
                s.c(CATS)
                if wc in ("category", "type", "kind")
                else (
                    f"{s.r.randint(2021,2027)}-{s.r.randint(1,12):02d}"
                    if wc == "date"
                    else (
                        s.company()
                        if wc in ("payee", "shop", "to", "description", "supplier", "from")
                        else (
                            s.c(ITEMS)
                            if wc == "item"
                            else s.c(s.places) if wc in ("city", "location") else s.c(s.first)
                        )
                    )
                )
            )
            where = (wc, wv)
            if wc == "date":
                y, m = wv.split("-")
                ph = f"{MONTHS[int(m)-1]} {y}"
                goal = (
                    s.c(
                        [
                            f"how much did I spend in {ph}",
                            f"total {col} in {name} for {ph}",
                            f"spending in {ph}",
                            f"what did I spend in {ph} according to {name}",
                        ]
                    )
                    if op == "sum"
                    else goal + s.c([f" in {ph}", f" for {ph}"])
                )
            elif wc in ("category", "type", "kind"):
                goal = (
                    s.c(
                        [
                            f"how much did I spend on {wv}",
                            f"total {col} for {wv} in {name}",
                            f"spend on {wv}?",
                            f"what did {wv} cost me in {name}",
                            f"sum of {wv} in {name}",
                            f"add up the {wv} in {name}",
                        ]
                    )
                    if op == "sum"
                    else (
                        s.c([f"how many {wv} entries are there in {name}", f"count the {wv} rows in {name}"])
                        if op == "count"
                        else goal + s.c([f" for {wv}", f" where {wc} is {wv}"])
                    )
                )
            elif wc == "item":
                goal = (
                    s.c([f"how many {wv} do we have", f"{numc} of {wv} in {name}"])
                    if op == "sum" and numc == "quantity"
                    else goal + f" for {wv}"
                )
            else:
                goal = (
                    s.c([f"how much did I pay {wv}", f"total paid to {wv} in {name}", f"what did I spend at {wv}"])
                    if op == "sum" and wc != "from"
                    else goal + s.c([f" for {wv}", f" where {wc} is {wv}"])
                )
        val = f"{s.amount():.2f}"
        out = []
        steps = ["table"]
        wp = None
        calc = None
        if op == "count" or op == "distinct":
            val = str(r.randint(1, 60))
        if op in ("list", "distinct"):
            val = "; ".join(s.c(CATS) for _ in range(3))
        x = r.random()
        if x < 0.25 and op not in ("list", "distinct"):
            pc = r.choice([5, 10, 12, 15, 17, 20, 25, 50])
            goal += s.c(
                [f", and what is {pc}% of that", f" and then take {pc} percent of it", f", then {pc}% of the result"]
            )
            steps.append("calculate")
            calc = f"{pc}% of {val}"
        if r.random() < 0.4:
            wp = s.c(s.words) + "." + s.c(["txt", "txt", "md"])
            goal += s.c(
                [
                    f" into {wp}",
                    f" and save it to {wp}",
                    f", write it into {wp}",
                    f" and put the result in {wp}",
                    f" and write the result to {wp}",
                    f" -> {wp}",
                ]
            )
            steps.append("write")
        goal = s.wrapq(goal, 0.6)
        fs = s.files([(p, cols)])
        rf = s.rfiles(fs)
        out = s.plan(goal, fs, steps)
        a = {"path": p, "operation": op, "column": col}
        if where:
            a["where_column"], a["where_value"] = where
        out += s.fill("table", a, goal, [rf])
        res = (
            f"table: {op} {'of ' if op in('sum','average','min','max','count') else ''}{col} in {p}"
            + (f" where {where[0]} is {where[1]}" if where else "")
            + f" = {val} ({r.randint(1,90)} rows)"
        )
        rs = [rf, res]
        if r.random() < 0.12:
            bad = dict(a)
            bad["column"] = "total2"
            out += s.fill(
                "table", a, goal, [rf, f"error: table: no column '{bad['column']}'; columns are {', '.join(cols)}"]
            )
        if calc:
            v2 = f"{s.amount():.2f}"
            out += s.fill("calculate", {"expression": calc}, goal, rs)
            rs = rs + [f"calculate: {calc} = {v2}"]
            val = v2
        if wp:
            out += s.fill("write", {"path": wp, "content": val}, goal, rs)
        return out

    def calc(s):
        r = s.r
        x = r.random()
        n = lambda: s.c(
            [str(r.randint(2, 99)), str(r.randint(100, 9999)), f"{r.uniform(1,500):.2f}", f"{r.uniform(1,50):.1f}"]
        )
        tn = lambda v: f"{int(v):,}" if v.isdigit() and int(v) > 999 and r.random() < 0.5 else v
        if x < 0.35:
            o, ws = s.c(
                [
                    ("+", ["plus", "+", "and"]),
                    ("-", ["minus", "-", "less"]),
                    ("*", ["times", "x", "*", "multiplied by"]),
                    ("/", ["divided by", "/", "over"]),
                ]
            )
            a, b = n(), n()
            g = f"{tn(a)} {s.c(ws)} {tn(b)}"
            e = f"{a} {o} {b}"
            if o == "+" and " and " in g:
                g = "the sum of " + g
            if r.random() < 0.3:
                c = n()
                o2 = s.c("+-")
                g += f" {'plus' if o2=='+' else 'minus'} {c}"
                e += f" {o2} {c}"
        elif x < 0.55:
            p, b = str(r.randint(1, 99)), n()
            g = s.c([f"{p}% of {tn(b)}", f"{p} percent of {tn(b)}", f"{p} per cent of {tn(b)}"])
            e = f"{p}% of {b}"
        elif x < 0.72:
            d1, d2 = s.date(2026), s.date(2026)
            f = lambda d: s.c(
                [f"{d[2]} {MONTHS[d[1]-1]} {d[0]}", f"{MONTHS[d[1]-1]} {d[2]} {d[0]}", f"{d[0]}-{d[1]:02d}-{d[2]:02d}"]
            )
            i = lambda d: f"{d[0]}-{d[1]:02d}-{d[2]:02d}"
            if r.random() < 0.6:
                g = s.c(
                    [
                        f"days between {f(d1)} and {f(d2)}",
                        f"how many days from {f(d1)} to {f(d2)}",
                        f"how long is it from {f(d1)} until {f(d2)}",
                    ]
                )
                e = f"{i(d2)} - {i(d1)}"
            else:
                k = r.randint(2, 400)
                u = s.c(["days", "weeks", "months"])
                g = s.c([f"what date is {k} {u} after {f(d1)}", f"{f(d1)} plus {k} {u}", f"{k} {u} from {f(d1)}"])
                e = f"{i(d1)} + {k} {u}"
        elif x < 0.9:
            u = s.c(
                [
                    ("km", "miles", "kilometres", "miles"),
                    ("miles", "km", "miles", "kilometres"),
                    ("kg", "lb", "kilos", "pounds"),
                    ("lb", "kg", "pounds", "kilos"),
                    ("C", "F", "degrees celsius", "fahrenheit"),
                    ("F", "C", "fahrenheit", "celsius"),
                    ("litres", "gallons", "litres", "gallons"),
                    ("cm", "inches", "centimetres", "inches"),
                    ("m", "feet", "metres", "feet"),
                    ("hours", "minutes", "hours", "minutes"),
                ]
            )
            v = n()
            sh = r.random() < 0.5
            g = s.c(
                [
                    f"{v} {u[0] if sh else u[2]} in {u[1] if sh else u[3]}",
                    f"convert {v} {u[0] if sh else u[2]} to {u[1] if sh else u[3]}",
                    f"how many {u[3]} is {v} {u[2]}",
                ]
            )
            e = f"{v} {u[0]} in {u[1]}"
        else:
            v = n()
            g, e = s.c(
                [
                    (f"square root of {v}", f"sqrt({v})"),
                    (f"{v} squared", f"{v}^2"),
                    (f"2 to the power of {v.split('.')[0]}", f"2^{v.split('.')[0]}"),
                    (f"{v} rounded to one place", f"round({v}, 1)"),
                ]
            )
        goal = (
            s.c(["", "what is ", "what's ", "how much is ", "compute ", "work out ", "calculate "]) + g
            if not g.startswith(("how", "convert", "what", "days"))
            else g
        )
        write = r.random() < 0.2
        wp = s.c(s.words) + ".txt"
        if write:
            goal += s.c([f" and save it to {wp}", f", write it in {wp}"])
        goal = s.wrapq(goal, 0.7)
        fs = s.files() if r.random() < 0.7 else []
        R0 = [s.rfiles(fs)] if fs else []
        calls = (
            "search, answer, read, list, table, calculate, write, ask, none"
            if fs or write
            else s.c(["calculate, ask, none", "search, answer, read, list, table, calculate, write, ask, none"])
        )
        out = s.plan(goal, fs, ["calculate"] + (["write"] if write else []), calls)
        out += s.fill("calculate", {"expression": e}, goal, R0)
        if write:
            v = f"{s.amount():.2f}"
            out += s.fill("write", {"path": wp, "content": v}, goal, R0 + [f"calculate: {e} = {v}"])
        return out

    def misc(s):
        r = s.r
        x = r.random()
        w = lambda: s.c(s.words)
        if x < 0.3:
            wp = s.c([w() + ".txt", "notes/" + w() + ".md", w() + "-" + w() + ".md"])
            c = s.c(
                [
                    f"call {s.name()}",
                    f"buy {s.c(ITEMS)} and {s.c(ITEMS)}",
                    f"{w()} {w()} {w()}",
                    f"meet {s.c(s.first)} in {s.c(s.places)} on {s.c(['Monday','Friday','Sunday'])}",
                    f"pay {s.company()} {s.money(s.amount(),s.cur())}",
                    f"{s.c(TOPICS)} at {r.randint(1,12)} pm",
                ]
            )
            goal = s.c(
                [
                    f"create a file {wp} saying {c}",
                    f'write "{c}" to {wp}',
                    f"note in {wp}: {c}",
                    f"put {c} into {wp}",
                    f"make {wp} with the text {c}",
                    f"save '{c}' as {wp}",
                    f"new file {wp} containing {c}",
                    f"jot down {c} in {wp}",
                ]
            )
            fs = s.files()
            goal = s.noise(goal)
            wp2 = wp
            if c not in goal or wp not in goal:
                return s.misc()
            return s.plan(goal, fs, ["write"]) + s.fill("write", {"path": wp, "content": c}, goal, [s.rfiles(fs)])
        if x < 0.5:
            f = s.files()
            p = s.c(f)[0]
            n = s.c([p, p, p.split("/")[-1], p.split("/")[-1].rsplit(".", 1)[0].replace("-", " ").replace("_", " ")])
            goal = s.wrapq(
                s.c(
                    [
                        f"show me {n}",
                        f"open {n}",
                        f"read {n}",
                        f"what does {n} say",
                        f"display the file {n}",
                        f"let me see {n}",
                        f"print {n}",
                        f"cat {n}",
                    ]
                ),
                0.6,
            )
            return s.plan(goal, f, ["read"]) + s.fill("read", {"path": p}, goal, [s.rfiles(f)])
        if x < 0.62:
            f = s.files()
            d = s.c([p for p, _ in f if "/" in p] or ["notes/x"])
            d = d.split("/")[0]
            has = r.random() < 0.7
            goal = s.wrapq(
                (
                    s.c(
                        [
                            f"list the files in {d}",
                            f"what's in {d}",
                            f"which files are in the {d} folder",
                            f"ls {d}",
                            f"show the contents of {d}",
                        ]
                    )
                    if has
                    else s.c(
                        [
                            "list my files",
                            "what files are here",
                            "what have I got here",
                            "show all files",
                            "which documents are there",
                        ]
                    )
                ),
                0.6,
            )
            return s.plan(goal, f, ["list"]) + s.fill("list", {"path": d} if has else {}, goal, [s.rfiles(f)])
        if x < 0.74:
            goal, q, ans, steps = s.c(
                [
                    ("write a note", "What should the note say?", f"call {s.name()}", ["ask", "write"]),
                    ("save this to a file", "What should I save?", w(), ["ask", "write"]),
                    (
                        "make a new file for me",
                        "What should the file be called, and what should it say?",
                        w(),
                        ["ask", "write"],
                    ),
                    ("send it to him", "Who do you mean?", s.name(), ["ask"]),
                    ("how much was it", "Which thing do you mean?", w(), ["ask", "search", "answer"]),
                    ("when is it due", "What do you mean?", s.c(TOPICS), ["ask", "search", "answer"]),
                    ("add it up", "Which file and which column do you mean?", w(), ["ask", "table"]),
                    ("the usual please", "What would you like me to do?", w(), ["ask"]),
                    ("convert 20", "Convert 20 of what into what?", w(), ["ask", "calculate"]),
                    ("find it", "What should I look for?", s.c(TOPICS), ["ask", "search", "answer"]),
                    ("look that up for me", "What should I look up?", w(), ["ask", "search", "answer"]),
                    ("put my thing in the file", "What should I write, and into which file?", w(), ["ask", "write"]),
                ]
            )
            goal = s.wrapq(goal, 0.5)
            fs = s.files()
            rf = s.rfiles(fs)
            out = s.plan(goal, fs, steps) + s.fill("ask", {"question": q}, goal, [rf])
            return out
        if x < 0.9:
            goal = s.c(
                [
                    "order me a pizza",
                    "turn on the lights",
                    "book a flight to {p}",
                    "send an email to {n}",
                    "delete my old mails",
                    "call {n}",
                    "play some music",
                    "what's the weather in {p}",
                    "buy {i} online",
                    "translate this to French",
                    "set an alarm for 7",
                    "reboot the server",
                    "post a photo",
                    "draw me a picture of a {w}",
                    "remove all my files",
                    "tell me a joke",
                    "write a poem about the {w}",
                    "transfer money to {n}",
                    "who won the match last night",
                    "install an update",
                    "phone {n}",
                    "order {i}",
                    "make me a coffee",
                    "lock the front door",
                    "take a selfie",
                    "hire a car in {p}",
                    "rename all my files",
                    "empty the bin",
                ]
            ).format(p=s.c(s.places), n=s.name(), i=s.c(ITEMS), w=w())
            goal = s.wrapq(goal, 0.5)
            fs = s.files() if r.random() < 0.8 else []
            return s.plan(goal, fs, ["none"])
        k = s.c(list(SERV))
        f = s.fact()
        goal = s.wrapq(f["q"])
        fs = s.files()
        rf = s.rfiles(fs)
        return s.fill("search", {"query": f["kw"]}, goal, [rf, "search: nothing found"]) if 0 else s.lookup()

    def unseen(s):
        t, args, goal = s.c(s.tools)
        offs = [t] + [s.c(s.tools)[0] for _ in range(s.r.randint(0, 3))]
        offs = list(dict.fromkeys(offs))
        s.r.shuffle(offs)
        return s.fill(t.split("(")[0], args, goal, [], offs)

    def lm(s):
        return [("<|bos|>", s.c(s.qamr)[1])]

    def episode(s):
        x = s.r.random()
        f = (
            s.lookup
            if x < 0.42
            else (
                s.addbills
                if x < 0.52
                else s.table if x < 0.68 else s.calc if x < 0.78 else s.misc if x < 0.92 else s.unseen
            )
        )
        return f()


STOPW = set(
    "a an the is are was were be been do does did i my me we our you your it its in on at to of for from by with and or what which who whom whose when where why how much many long often should must would could can will say tell about have has had need know find out please this that there as into not if so than then s".split()
)


def detok(t):
    t = (
        t.replace("-LRB-", "(")
        .replace("-RRB-", ")")
        .replace("-LSB-", "[")
        .replace("-RSB-", "]")
        .replace("``", '"')
        .replace("''", '"')
    )
    t = re.sub(r" ([.,;:?!%)\]])", r"\1", t)
    t = re.sub(r"([(\[$£]) ", r"\1", t)
    t = re.sub(r" (n't|'s|'re|'ve|'ll|'d|'m)\b", r"\1", t)
    t = re.sub(r'" ([^"]*?) "', r'"\1"', t)
    return t


def load_qamr(split):
    S = {}
    for l in gzip.open(D + "qamr/wiki-sentences.tsv.gz", "rt"):
        i, t = l.rstrip("\n").split("\t")[:2]
        S[i] = t.split(" ")
    out = []
    for fn in ("dev", "test"):
        for l in gzip.open(D + f"qamr/{fn}.tsv.gz", "rt"):
            c = l.rstrip("\n").split("\t")
            if (hash_(c[0]) % 100 < 8) != (split == "test"):
                continue
            toks = S.get(c[0])
            if not toks:
                continue
            try:
                idx = [int(x) for x in c[6].split(" ")]
            except:
                continue
            if idx != list(range(idx[0], idx[0] + len(idx))):
                continue
            a = detok(" ".join(toks[idx[0] : idx[-1] + 1]))
            t = detok(" ".join(toks))
            if len(t) > 320 or t.count(a) < 1 or len(a) < 2:
                continue
            out.append((c[5], t, a))
    return out


def kwof(q):
    return (
        " ".join(re.findall(r"[\w'&-]+", " ".join(w for w in re.findall(r"[\w'&-]+", q) if w.lower() not in STOPW)))[
            :60
        ]
        or q[:40]
    )


def hash_(x):
    import hashlib

    return int(hashlib.md5(x.encode()).hexdigest(), 16)


def load_tools(split):
    out = []
    sch = {x["service_name"]: x for x in json.load(open(D + "sgd/train_schema.json"))}
    sch.update({x["service_name"]: x for x in json.load(open(D + "sgd/dev_schema.json"))})
    import itertools

    for fn in ["train_calls" if split == "train" else "dev_calls"]:
        for i, l in enumerate(gzip.open(D + f"sgd/{fn}.jsonl.gz", "rt")):
            if split == "train" and i % 2:
                continue
            e = json.loads(l)
            sv = sch.get(e["service"])
            if not sv:
                continue
            it = next((x for x in sv["intents"] if x["name"] == e["method"]), None)
            if not it:
                continue
            ctx = " ".join(x[3:] for x in e["context"] if x.startswith("U:"))
            args = {k: v for k, v in e["parameters"].items() if isinstance(v, str) and v.lower() in ctx.lower()}
            if not args or len(args) < len(e["parameters"]) - 1:
                continue
            sn = re.sub(r"([a-z])([A-Z])", r"\1_\2", e["method"]).lower()
            req = it["required_slots"]
            opt = list(it["optional_slots"])
            ps = list(req) + opt
            args = {p: args[p] for p in ps if p in args}
            if not args:
                continue
            fix = {}
            for k, v in args.items():
                m = re.search(re.escape(v), ctx, re.I)
                fix[k] = m.group(0) if m else v
            sig = (
                f"{sn}({', '.join([p for p in req]+[p+'?' for p in opt][:5])}): {it['description'].lower().rstrip('.')}"
            )
            if any(k not in sig for k in fix):
                continue
            out.append((sig, fix, ctx[:400]))
    return out


if __name__ == "__main__":
    import sys

    g = G(int(sys.argv[2]) if len(sys.argv) > 2 else 1, "train")
    for _ in range(int(sys.argv[1])):
        for p, a in g.episode():
            print(p + "⟦" + a + "⟧\n")
