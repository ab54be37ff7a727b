"""A model hub and a model server on a loopback port, for tests. Says its port on standard output, then one line for each
request: method, path, Range, Authorization. Behaviour is chosen by the path; see the handlers."""
import hashlib
import http.server
import json
import sys
import threading
import time

BLOB = bytes(range(256)) * 1200  # 307,200 bytes
SMALL = b"GGUF small"
other_port = None
counts = {}


def sse(*chunks):
    return b"".join(b"data: " + (c if isinstance(c, bytes) else json.dumps(c).encode()) + b"\n\n" for c in chunks)


def text_chunk(text, reason=None):
    return {"model": "stub", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]}


USAGE = {"model": "stub", "choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2}}}


def scripted(body):
    """The answer to a process whose goal is: a call, its arguments, and what is to be quoted from what it finds."""
    messages = [m["content"] for m in body["messages"]]
    call, arguments, *quote = [m for m in messages if m.startswith("script:\n")][0].split("\n")[1:]
    if "Make a plan" in messages[-1]:
        return json.dumps({"plan": [{"call": call, "text": "as told", "check": "it is done"}]})
    if not any("[done] 1." in m for m in messages):
        return json.dumps({"call": call, "with": json.loads(arguments)})
    ending = {"answer": "as told", "found": True}
    if "citations" in json.dumps(body.get("response_format", "")):
        ending["citations"] = [{"passage": 1, "quote": q} for q in quote]
    return json.dumps({"call": "finish", "with": ending})


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def note(self):
        print(self.command, self.path, self.headers.get("Range", "-"), self.headers.get("Authorization", "-"), flush=True)
        counts[self.path] = counts.get(self.path, 0) + 1
        return counts[self.path]

    def send(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def entry(self, path, blob, wrong=False):
        oid = hashlib.sha256(b"other" if wrong else blob).hexdigest()
        return {"type": "file", "path": path, "size": len(blob), "oid": "0" * 40, "lfs": {"oid": oid, "size": len(blob)}}

    def do_GET(self):
        number = self.note()
        parts = self.path.split("?")[0].strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            repo = parts[3]
            if repo == "gated":
                return self.send(401, b'{"error":"gated"}')
            if repo == "missing":
                return self.send(404)
            files = {
                "one": [self.entry("m-Q8_0.gguf", BLOB), {"type": "file", "path": "README.md", "size": 3, "oid": "1" * 40}],
                "cut": [self.entry("m-Q8_0.gguf", BLOB)],
                "slow": [self.entry("m-Q8_0.gguf", BLOB)],
                "wrong": [self.entry("m-Q8_0.gguf", BLOB, wrong=True)],
                "moved": [self.entry("m-Q8_0.gguf", BLOB)],
                "many": [self.entry("m-%s.gguf" % q, SMALL + q.encode()) for q in ("Q2_K", "Q4_K_M", "Q8_0")],
                "unclear": [self.entry("m-%s.gguf" % q, SMALL) for q in ("Q2_K", "Q8_0")],
                "split": [self.entry("m-Q4_K_M-%05d-of-00002.gguf" % n, SMALL + bytes([n])) for n in (1, 2)],
                "evil": [self.entry("../../../../evil-Q8_0.gguf", SMALL), self.entry("/evil-Q8_0.gguf", SMALL)],
            }[repo]
            return self.send(200, json.dumps(files).encode())
        if parts[0] == "elsewhere":
            return self.blob(BLOB)
        repo, file = parts[1], parts[4]
        if repo == "moved":
            return self.send(302, Location="http://127.0.0.1:%d/elsewhere/blob" % other_port, X_Repo_Commit="c" * 40)
        if repo == "cut" and number <= 2:
            return self.blob(BLOB, stop_after=100_000)
        if repo == "slow":
            return self.blob(BLOB, pause=0.05)
        if repo == "many":
            return self.blob(SMALL + file[2:-5].encode())
        if repo == "split":
            return self.blob(SMALL + bytes([int(file[9:14])]))
        return self.blob(BLOB)

    def blob(self, blob, stop_after=None, pause=0):
        begin = 0
        if (wanted := self.headers.get("Range")):
            begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.send_response(206 if begin else 200)
        self.send_header("X-Repo-Commit", "c" * 40)
        self.send_header("Content-Length", str(len(blob) - begin))
        self.end_headers()
        for at in range(begin, len(blob), 20_000):
            if stop_after is not None and at - begin >= stop_after:
                self.wfile.flush()
                self.connection.close()
                self.close_connection = True
                return
            try:
                self.wfile.write(blob[at:at + 20_000])
                self.wfile.flush()
            except OSError:
                self.close_connection = True
                return
            time.sleep(pause)

    def do_POST(self):
        number = self.note()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        kind = self.path.strip("/").split("/")[0]
        if kind == "key" and self.headers.get("Authorization") != "Bearer s3cret":
            return self.send(401, b'{"error":{"message":"bad key"}}')
        if kind == "busy" and number <= 2:
            return self.send(429, b"{}", Retry_After="0")
        if kind == "silent":
            return time.sleep(600)
        if kind == "script":
            return self.events(sse(text_chunk(scripted(body), "stop"), USAGE, b"[DONE]"))
        if kind == "down":
            return self.send(503, b'{"error":{"message":"out to lunch"}}')
        if kind == "later":
            return self.send(429, b"{}", Retry_After="3600")
        if kind == "long":
            return self.send(400, b'{"error":{"message":"exceeds the context size"}}')
        if kind == "plain" and "response_format" in body:
            return self.send(400, b'{"error":{"message":"response_format is not supported"}}')
        if kind == "plain":
            assert "JSON Schema" in body["messages"][-1]["content"]
            return self.events(sse(text_chunk('```json\n{ "b" : 1,'), text_chunk(' "a": "x" }\n```', "stop"), USAGE, b"[DONE]"))
        if kind == "unfit":
            return self.events(sse(text_chunk('{"a": 5}', "stop"), USAGE, b"[DONE]"))
        if kind == "second":
            text = '{"a": 5}' if number == 1 else '{"a":"x","b":1}'
            return self.events(sse(text_chunk(text, "stop"), USAGE, b"[DONE]"))
        if kind == "uncounted":
            thought = {"choices": [{"index": 0, "delta": {"reasoning_content": "t" * 300}, "finish_reason": None}]}
            return self.events(sse(thought, text_chunk("w" * 300, "stop"), b"[DONE]"))
        if kind == "broken":
            return self.events(b"data: {not json\n\n")
        if kind == "cut":
            return self.events(sse(text_chunk("half ")), length=10_000)
        if kind == "html":
            return self.events(b"<html>hello</html>")
        if kind == "stall":
            self.events(sse(text_chunk("begin ")), length=10_000, wait=30)
            return None
        if kind == "tools":
            assert body["tools"][0]["function"]["name"] == "weather"
            call = {"index": 0, "id": "c1", "function": {"name": "weather", "arguments": '{"city":'}}
            more = {"index": 0, "function": {"arguments": '"Oslo"}'}}
            return self.events(sse({"choices": [{"delta": {"tool_calls": [call]}}]}, {"choices": [{"delta": {"tool_calls": [more]}}]},
                                   {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}, USAGE, b"[DONE]"))
        return self.events(sse(text_chunk("Hello, "), text_chunk("wörld", "stop"), USAGE, b"[DONE]"))

    def events(self, body, length=None, wait=0):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        for at in range(0, len(body), 7):  # in pieces that cut through everything
            self.wfile.write(body[at:at + 7])
            self.wfile.flush()
        for _ in range(wait * 20):
            time.sleep(0.05)
            try:
                self.wfile.write(b": still here\n")
                self.wfile.flush()
            except OSError:
                break
        if length:
            self.close_connection = True


servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) for _ in range(2)]
other_port = servers[1].server_address[1]
threading.Thread(target=servers[1].serve_forever, daemon=True).start()
print(servers[0].server_address[1], flush=True)
threading.Thread(target=servers[0].serve_forever, daemon=True).start()
sys.stdin.read()  # ends with the test
