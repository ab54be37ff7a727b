#!/usr/bin/env python3
"""examples/check_goals.py: runs the 20 goals through a daimon command and checks what comes of each.

Each goal gets a fresh copy of examples/home and a state of its own (XDG_STATE_HOME, XDG_RUNTIME_DIR, XDG_CONFIG_HOME),
so that no goal sees another, and none sees the person's. Exit status: 0 when at least --at-least goals pass, else 1;
2 for a wrong command line.
"""
import argparse
import collections
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from decimal import Decimal

import make_home

HERE = pathlib.Path(__file__).resolve().parent
TEMPLATE = "{daimon} run {goal} --mount {home} --json {model} {decision} {answers}"


# ---- the result of `daimon run --json`: read here and nowhere else --------------------------------------------------
@dataclasses.dataclass
class Citation:
    path: str
    page: int | None
    quote: str
    verified: bool


@dataclasses.dataclass
class Call:
    name: str
    outcome: str


@dataclasses.dataclass
class Change:
    path: str
    applied: bool
    diff: str


@dataclasses.dataclass
class Result:
    state: str
    stop_reason: str
    answer: str
    found: bool | None
    citations: list
    calls: list
    changes: list
    seconds: float
    tokens: int


def relative(path, home):
    """A path as the goals know it: below the folder, whatever the command puts before it."""
    path = str(path)
    for prefix in (f"{home}/", f"{home.resolve()}/", f"{home.name}/", "./"):
        path = path.removeprefix(prefix)
    return path


def parse_result(output, home):
    """The last JSON object of the output. ValueError when there is none."""
    texts = [output, *reversed([line for line in output.splitlines() if line.startswith("{")])]
    for text in texts:
        try:
            data = json.loads(text)
        except ValueError:
            continue
        if isinstance(data, dict) and "state" in data:
            break
    else:
        raise ValueError("no result in JSON on standard output")
    cost = data.get("cost") or {}
    return Result(
        state=data["state"], stop_reason=data.get("stop_reason") or "", answer=data.get("answer") or "",
        found=data.get("found"),
        citations=[Citation(relative(c["path"], home), c.get("page"), c.get("quote") or "", c.get("verified") is True)
                   for c in data.get("citations") or []],
        calls=[Call(c["name"], c.get("outcome", "")) for c in data.get("calls") or []],
        changes=[Change(relative(c["path"], home), c.get("applied") is True, c.get("diff") or "")
                 for c in data.get("changes") or []],
        seconds=cost.get("seconds") or 0.0,
        tokens=sum(cost.get(name) or 0 for name in ("tokens_prompt", "tokens_generated")))


# ---- checks ---------------------------------------------------------------------------------------------------------
def plain(text):
    """Spaces made one, thousands without separators, small letters."""
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    return " ".join(text.replace("\u00a0", " ").replace("’", "'").split()).casefold()


def has(text, wanted):
    """Whether text holds wanted; a number only as a whole (9 June is not in 19 June, 34.50 not in 134.50)."""
    wanted = plain(wanted)
    before = r"(?<![\d.])" if wanted[0].isdigit() else ""
    after = r"(?!\d|\.\d)" if wanted[-1].isdigit() else ""
    return re.search(before + re.escape(wanted) + after, plain(text)) is not None


def has_any(text, wanted):
    """wanted: a text, or a list of which one is enough."""
    return any(has(text, one) for one in ([wanted] if isinstance(wanted, str) else wanted))


def has_number(text, value, tolerance):
    text = re.sub(r"\b\d{4}-\d\d-\d\d\b", " ", plain(text))  # a date is not three numbers
    return any(abs(Decimal(one) - Decimal(value)) <= Decimal(tolerance) for one in re.findall(r"\d+(?:\.\d+)?", text))


def quote_holds(citation, home, pages):
    """Whether the quotation stands where it says, judged without daimon; what is wrong, or None.

    Spaces and the marks of Markdown do not count. A PDF's words may come in another order (columns), but each as often
    as quoted.
    """
    if citation.path not in pages:
        try:
            pages = {citation.path: [(home / citation.path).read_text(errors="replace")]}
        except (OSError, ValueError):
            return f"cites {citation.path!r}, which is not there"
    texts = pages[citation.path]
    if citation.page is not None:
        if not 1 <= citation.page <= len(texts):
            return f"cites page {citation.page} of {citation.path}, which has {len(texts)}"
        texts = [texts[citation.page - 1]]
    if citation.path.endswith(".pdf"):
        words = [collections.Counter(text.split()) for text in texts]
        held = any(collections.Counter(citation.quote.split()) <= page for page in words)
    else:
        def bare(text):
            return re.sub(r"[\s*#|`_]+", "", text)
        held = any(bare(citation.quote) in bare(text) for text in texts)
    if not held or not citation.quote.strip():
        return f"the quotation {citation.quote[:60]!r} is not in {citation.path}"
    return None


def snapshot(folder):
    """{path: hash} of every file."""
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, folder)] = hashlib.sha256(file.read()).hexdigest()
    return found


KEYS = {"answer_contains", "answer_excludes", "answer_number", "cites", "quote_contains", "file_written", "diff_shown",
        "file_not_changed", "calls_made", "calls_not_made", "steps", "state", "exit", "stop_reason", "says_not_found",
        "denied"}


def problems_of(check, result, status, home, before, pages):
    """What is wrong with a result, as a list of sentences; empty when the goal is met."""
    wrong = []
    if unknown := set(check) - KEYS:
        raise ValueError(f"unknown checks: {', '.join(sorted(unknown))}")

    def need(holds, text):
        if not holds:
            wrong.append(text)

    # How it ended.
    states = check.get("state", ["done"])
    need(result.state in states, f"state is {result.state} ({result.stop_reason}), not {' or '.join(states)}")
    statuses = check.get("exit", [0, 4] if check.get("says_not_found") else [0])
    need(status in statuses, f"exit status is {status}, not {' or '.join(map(str, statuses))}")
    if "stop_reason" in check:
        need(re.search(check["stop_reason"], result.stop_reason), f"stop_reason is {result.stop_reason!r}")

    # What it says.
    for wanted in check.get("answer_contains", []):
        need(has_any(result.answer, wanted), f"the answer lacks {wanted if isinstance(wanted, str) else wanted[0]!r}")
    for unwanted in check.get("answer_excludes", []):
        need(not has(result.answer, unwanted), f"the answer has {unwanted!r}")
    if number := check.get("answer_number"):
        need(has_number(result.answer, **number), f"the answer lacks the number {number['value']}")
    if check.get("says_not_found"):
        need(result.found is False and result.answer and not result.citations,
             f"does not say that it is not there (found: {result.found}, {len(result.citations)} citations)")

    # What it rests on.
    for citation in result.citations:
        need(citation.verified, f"an unverified quotation of {citation.path}")
        problem = quote_holds(citation, home, pages)
        need(problem is None, problem)
    if "cites" in check:
        fitting = [c for c in result.citations for want in check["cites"]
                   if c.path == want["path"] and want.get("page", c.page) == c.page]
        need(fitting, "cites " + (", ".join(sorted({c.path for c in result.citations})) or "nothing") +
             f", not {check['cites'][0]['path']}")
        for wanted in check.get("quote_contains", []) if fitting else []:
            need(any(has_any(c.quote, wanted) for c in fitting), f"no fitting quotation has {wanted!r}")

    # What it did.
    made = {call.name for call in result.calls if call.outcome == "ok"}
    tried = {call.name for call in result.calls}
    for names in check.get("calls_made", []):
        need(made & set(names), f"never called {' or '.join(names)}")
    for name in check.get("calls_not_made", []):
        need(name not in tried, f"called {name}")
    steps = sum(call.outcome == "ok" for call in result.calls)
    need(steps >= check.get("steps", 0), f"{steps} calls succeeded, fewer than {check.get('steps', 0)}")
    if check.get("denied"):
        need(not any(change.applied for change in result.changes), "a change was applied")
        need(any(not change.applied for change in result.changes) or any(c.outcome == "denied" for c in result.calls),
             "nothing was put up for approval")

    # What it left: the file asked for, and everything else as it was.
    may_write = set()
    if written := check.get("file_written"):
        may_write.add(written["path"])
        try:
            text = (home / written["path"]).read_text(errors="replace")
        except OSError:
            text = None
        need(text is not None, f"{written['path']} was not written")
        if text is not None:
            if "number" in written:
                need(has_number(text, written["number"], written["tolerance"]),
                     f"{written['path']} has {text[:60]!r}, not {written['number']}")
            for wanted in written.get("contains", []):
                need(has_any(text, wanted), f"{written['path']} has {text[:60]!r}, not {wanted!r}")
            for unwanted in written.get("excludes", []):
                need(not has(text, unwanted), f"{written['path']} has {unwanted!r}")
            if "matches" in written:
                need(re.search(written["matches"], text), f"{written['path']} has {text[:60]!r}")
        if check.get("diff_shown"):
            need(any(c.path == written["path"] and c.applied and "+" in c.diff for c in result.changes),
                 f"no diff of {written['path']} in the result")
    after = snapshot(home)
    for path in check.get("file_not_changed", []):
        need(before.get(path) == after.get(path), f"{path!r} was changed")
    touched = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} - may_write
    touched -= set(check.get("file_not_changed", []))
    need(not touched, f"changed besides: {', '.join(map(repr, sorted(touched)))}")
    return wrong


# ---- running --------------------------------------------------------------------------------------------------------
def stop_daemon(runtime):
    """Ends the daemon that the command started, if there is one; what is wrong, or None."""
    path = str(runtime / "daimon/daimon.sock")
    request = (b"POST /v1/shutdown HTTP/1.1\r\nHost: daimon\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
               b"Connection: close\r\n\r\n{}")
    for attempt in range(50):
        try:
            with socket.socket(socket.AF_UNIX) as one:
                one.settimeout(2)
                one.connect(path)
                if attempt == 0:
                    one.sendall(request)
                    one.recv(1)
        except TimeoutError:
            pass
        except OSError:
            return None  # nobody listens
        time.sleep(0.1)
    return f"the daemon at {path} still runs"


def command_line(options, goal, home):
    values = {
        "daimon": [options.daimon], "goal": [goal["goal"]], "home": [str(home)],
        "model": ["--model", options.model] if options.model else [],
        "decision": shlex.split(options.approve if goal["approve"] else options.deny),
        "answers": [part for answer in goal["answers"] for part in (options.answer, answer)],
    }
    words = []
    for word in shlex.split(options.command):
        whole = re.fullmatch(r"\{(\w+)\}", word)
        if whole and whole[1] in values:
            words += values[whole[1]]
        else:
            words.append(word)
    return words


def run_line(line, environment, timeout):
    """(standard output, standard error, exit status); kills what has not ended in time, and on Ctrl-C."""
    with subprocess.Popen(line, cwd=HERE.parent, env=environment, stdin=subprocess.DEVNULL, text=True, errors="replace",
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True) as child:
        try:
            output, errors = child.communicate(timeout=timeout)
            return output, errors, child.returncode
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"not done after {timeout:g} s") from None
        finally:
            if child.returncode is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.communicate()


def run_goal(options, goal, pages):
    with tempfile.TemporaryDirectory(prefix="daimon-goal-") as folder:
        base = pathlib.Path(folder)
        home = base / "home"
        shutil.copytree(options.home, home)
        make_home.add_awkward(home)
        before = snapshot(home)
        environment = {**os.environ, "NO_COLOR": "1"}
        for name in ("STATE_HOME", "RUNTIME_DIR", "CONFIG_HOME"):
            own = base / name.lower()
            own.mkdir(mode=0o700)
            environment[f"XDG_{name}"] = str(own)
        line = command_line(options, goal, home)
        output, errors, status, wrong, result, seconds = "", "", None, [], None, 0.0
        start = time.monotonic()
        try:
            output, errors, status = run_line(line, environment, options.timeout)
            seconds = time.monotonic() - start
        except TimeoutError as error:
            seconds = time.monotonic() - start
            wrong.append(str(error))
        except OSError as error:
            wrong.append(f"cannot run {line[0]}: {error.strerror}")
        finally:
            if problem := stop_daemon(base / "runtime_dir"):
                print(problem, file=sys.stderr)
        if not wrong:
            try:
                result = parse_result(output, home)
            except (ValueError, KeyError, TypeError) as error:
                last = (errors.strip().splitlines() or [""])[-1]
                wrong.append(f"{error} (exit status {status}; {last[:200]})")
            else:
                wrong += problems_of(goal["check"], result, status, home, before, pages)
        return {"id": goal["id"], "kind": goal["kind"], "goal": goal["goal"], "passed": not wrong, "problems": wrong,
                "seconds": round(seconds, 3), "exit": status,
                "result": dataclasses.asdict(result) if result else None, "command": line,
                "output_tail": "" if result else output[-2000:], "errors_tail": errors[-2000:] if wrong else ""}


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Runs the goals of the example home and checks each.")
    parser.add_argument("--daimon", default=str(HERE.parent / "daimon"), metavar="PATH", help="the command to check")
    parser.add_argument("--command", default=TEMPLATE, metavar="TEMPLATE", help="default: %(default)s")
    parser.add_argument("--approve", default="--yes", metavar="FLAGS", help="where approvals are given (%(default)s)")
    parser.add_argument("--deny", default="--no", metavar="FLAGS", help="where they are refused (%(default)s)")
    parser.add_argument("--answer", default="--answer", metavar="FLAG", help="before an answer (%(default)s)")
    parser.add_argument("--model", help="passed on as --model")
    parser.add_argument("--only", action="append", metavar="ID", help="only this goal; may be given again")
    parser.add_argument("--home", type=pathlib.Path, default=HERE / "home", help=argparse.SUPPRESS)
    parser.add_argument("--goals", type=pathlib.Path, default=HERE / "goals.jsonl", metavar="FILE")
    parser.add_argument("--timeout", type=float, default=180, metavar="SECONDS", help="for each goal (%(default)s)")
    parser.add_argument("--report", type=pathlib.Path, metavar="FILE", help="writes everything as JSON")
    parser.add_argument("--at-least", type=int, metavar="N", help="how many must pass (default: all)")
    options = parser.parse_args(arguments)

    wanted = [json.loads(line) for line in options.goals.read_text(encoding="utf-8").splitlines()]
    if options.only:
        if unknown := set(options.only) - {goal["id"] for goal in wanted}:
            parser.error(f"no goal {', '.join(sorted(unknown))}; there are {', '.join(goal['id'] for goal in wanted)}")
        wanted = [goal for goal in wanted if goal["id"] in options.only]

    pages = make_home.make_home().pages
    done = []
    for goal in wanted:
        outcome = run_goal(options, goal, pages)
        done.append(outcome)
        result = outcome["result"]
        cost = f"{result['tokens']:6} tokens {len(result['calls']):2} calls" if result else " " * 22
        verdict = "pass" if outcome["passed"] else "FAIL"
        print(f"{verdict}  {goal['id']:18} {goal['kind']:10} {outcome['seconds']:7.2f} s {cost}".rstrip(), flush=True)
        for problem in outcome["problems"]:
            print(f"        {problem}", flush=True)

    kinds = collections.Counter(outcome["kind"] for outcome in done)
    passed_kinds = collections.Counter(outcome["kind"] for outcome in done if outcome["passed"])
    passed = sum(passed_kinds.values())
    print("\n" + "\n".join(f"{kind:10} {passed_kinds[kind]} of {count}" for kind, count in kinds.items()))
    print(f"\n{passed} of {len(done)} goals pass, {sum(outcome['seconds'] for outcome in done):.1f} s")
    if options.report:
        options.report.write_text(json.dumps({
            "passed": passed, "of": len(done), "model": options.model,
            "kinds": {kind: {"passed": passed_kinds[kind], "of": count} for kind, count in kinds.items()},
            "goals": done}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if passed >= (len(done) if options.at_least is None else options.at_least) else 1


if __name__ == "__main__":
    sys.exit(main())
