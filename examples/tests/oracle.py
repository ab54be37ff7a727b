#!/usr/bin/env python3
"""Stands for the daimon command in the tests of check_goals: knows the right results, or spoils them on request.

oracle.py run GOAL --mount FOLDER --json [--yes | --no] [--answer TEXT]; SPOIL in the environment says how to spoil.
"""
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import goals  # noqa: E402
import make_home  # noqa: E402

spoil = os.environ.get("SPOIL", "")
arguments = sys.argv[1:]
text, home = arguments[1], pathlib.Path(arguments[arguments.index("--mount") + 1])
goal = next(one for one in goals.GOALS if one["goal"] == text)
check = goal["check"]
result = {"process": "p1", "goal": text, "state": "done", "stop_reason": "the plan is carried out", "found": True,
          "answer": "", "citations": [], "calls": [], "changes": [], "plan": [],
          "cost": {"seconds": 0.1, "tokens_prompt": 5, "tokens_generated": 2}}
status = 0


def first(wanted):
    return wanted if isinstance(wanted, str) else wanted[0]


def call(name, outcome="ok"):
    result["calls"].append({"name": name, "arguments": {}, "outcome": outcome, "text": ""})


result["answer"] = "; ".join(first(wanted) for wanted in check.get("answer_contains", []))
if "answer_number" in check:
    result["answer"] = f"it = {check['answer_number']['value']} (on 2026-03-01)"
if "cites" in check:
    where = check["cites"][0]
    for number, page in enumerate(make_home.make_home().pages[where["path"]], 1):
        for line in page.splitlines():
            if first(check["quote_contains"][0]) in line and not result["citations"]:
                paged = where["path"].endswith(".pdf")
                result["citations"].append({"path": where["path"], "page": number if paged else None, "quote": line,
                                            "verified": True})
for _ in range(check.get("steps", 1) - 1):
    call("search")
if "--answer" in arguments:
    call("ask")
if written := check.get("file_written"):
    assert "--yes" in arguments
    content = written.get("number") or " ".join(written["contains"])
    if spoil != "no file":
        (home / written["path"]).write_text("12345\n" if spoil == "file" else content + "\n")
    result["changes"].append({"path": f"home/{written['path']}", "applied": True, "diff": f"+{content}\n"})
    call("write")
if check.get("says_not_found"):
    result["found"], result["answer"] = spoil == "found", "Not in your files."
if check.get("denied"):
    assert "--no" in arguments
    result["state"], status = "denied", 5
    result["changes"].append({"path": "notes/shopping.md", "applied": False, "diff": "-eggs\n"})
    call("write", "denied")
    if spoil == "denied":
        (home / "notes/shopping.md").write_text("eggs\n")
if spoil == "answer":
    result["answer"] = "I could not say"
if spoil == "quote" and result["citations"]:
    result["citations"][0]["quote"] += " (quite so)"
if spoil == "source" and result["citations"]:
    result["citations"][0].update(path="letters/car-insurance.txt", page=None, quote="Dear Mr Cole,")
if spoil == "besides":
    (home / "notes/todo.md").write_text("APPROVED\n")
if spoil == "crash":
    print("daimon: the model went away", file=sys.stderr)
    sys.exit(1)
print("reading", file=sys.stderr)
print(json.dumps(result))
sys.exit(status)
