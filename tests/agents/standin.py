#!/usr/bin/env python3
"""A stand-in for the APIs of models, on loopback: it answers by a script, and keeps every request that it was sent.

    standin.py PORT SCRIPT.json LOG

SCRIPT.json is read anew for each request: {NAME: [STEP, …], …}. A conversation follows the script that its users' words name first, as
TASK-NAME; without such a name "sub" if they contain SUBTASK and not MAINTASK, and "main" otherwise. A request without tools (for a title,
say) is answered with "ok".

STEP is {"text": "…"} or {"tool": NAME, "input": {…}} or {"tools": [[NAME, {…}], …]}, each with "sleep": SECONDS before the answer if it
has one, or "until": FILE, which is answered once that file is there. A conversation is at the step whose number is that of the model's
turns in it, so that nothing is remembered between requests; past the last it is answered with "done".

LOG is a directory: request N is LOG/N.json, {"path", "kind", "step", "body"}, whole before it is answered.

An API is one class with a path, which reads the conversation and writes the answer; ThreadingHTTPServer does the rest.
"""
import itertools
import json
import os
import re
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def text_of(content):
    """The words of a message, whatever it wraps them in."""
    if isinstance(content, str):
        return content
    return "\n".join(block if isinstance(block, str) else block.get("text", "") for block in content or [])


class Chat:
    """OpenAI's chat completions."""

    path = "/chat/completions"

    def conversation(self, body):
        """The users' words, and how many turns the model had."""
        messages = body.get("messages", [])
        words = "\n".join(text_of(m.get("content")) for m in messages if m["role"] == "user")
        return words, sum(m["role"] == "assistant" for m in messages)

    def answer(self, handler, body, step):
        tools = [
            {"index": i, "id": f"call_{time.time_ns()}{i}", "type": "function",
             "function": {"name": name, "arguments": json.dumps(given)}}
            for i, (name, given) in enumerate(tools_of(step))
        ]
        reason = "tool_calls" if tools else "stop"
        about = {"id": f"c{time.time_ns()}", "created": int(time.time()), "model": body.get("model", "stub")}
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        message = {"role": "assistant", "content": step.get("text") or ("" if body.get("stream") else None)}
        if tools:
            message["tool_calls"] = tools
        if not body.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": reason}
            return handler.json({**about, "object": "chat.completion", "choices": [choice], "usage": usage})
        about["object"] = "chat.completion.chunk"
        handler.begin_events()
        handler.event({**about, "choices": [{"index": 0, "delta": message, "finish_reason": None}]})
        handler.event({**about, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}], "usage": usage})
        handler.event("[DONE]")


class Messages:
    """Anthropic's messages, always as events: Claude Code asks for nothing else."""

    path = "/v1/messages"

    def conversation(self, body):
        messages = body.get("messages", [])
        words = "\n".join(text_of(m["content"]) for m in messages if m["role"] == "user")
        return words, sum(m["role"] == "assistant" for m in messages)

    def answer(self, handler, body, step):
        tools = tools_of(step)
        reason = "tool_use" if tools else "end_turn"
        usage = {"input_tokens": 100, "output_tokens": 10, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}
        about = {"id": f"msg_{time.time_ns()}", "type": "message", "role": "assistant", "model": body.get("model", "stub"), "content": [],
                 "stop_reason": None, "stop_sequence": None, "usage": usage}
        blocks = [{"type": "text", "text": step["text"]}] if step.get("text") else []
        blocks += [{"type": "tool_use", "id": f"toolu_{time.time_ns()}{i}", "name": name, "input": given}
                   for i, (name, given) in enumerate(tools)]
        if not body.get("stream"):
            return handler.json({**about, "content": blocks, "stop_reason": reason})
        handler.begin_events()
        handler.event({"type": "message_start", "message": about}, "message_start")
        for i, block in enumerate(blocks):
            is_text = block["type"] == "text"
            empty = {**block, "text": ""} if is_text else {**block, "input": {}}
            delta = ({"type": "text_delta", "text": block["text"]} if is_text
                     else {"type": "input_json_delta", "partial_json": json.dumps(block["input"])})
            handler.event({"type": "content_block_start", "index": i, "content_block": empty}, "content_block_start")
            handler.event({"type": "content_block_delta", "index": i, "delta": delta}, "content_block_delta")
            handler.event({"type": "content_block_stop", "index": i}, "content_block_stop")
        end = {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": {"output_tokens": 10}}
        handler.event(end, "message_delta")
        handler.event({"type": "message_stop"}, "message_stop")


class Responses:
    """OpenAI's responses, as events."""

    path = "/responses"

    def conversation(self, body):
        items = body.get("input") or []
        words = "\n".join(text_of(i.get("content")) for i in items if i.get("role") == "user")
        turns = sum(i.get("type") == "function_call" or (i.get("type") == "message" and i.get("role") == "assistant") for i in items)
        return words, turns

    def answer(self, handler, body, step):
        about = {"id": f"resp_{time.time_ns()}", "object": "response", "created_at": int(time.time()), "status": "in_progress",
                 "model": body.get("model"), "output": []}
        handler.begin_events()
        handler.event({"type": "response.created", "response": about}, "response.created")
        items = []
        if step.get("text"):
            items.append({"type": "message", "id": f"msg_{time.time_ns()}", "role": "assistant", "status": "completed",
                          "content": [{"type": "output_text", "text": step["text"], "annotations": []}]})
        for i, (name, given) in enumerate(tools_of(step)):
            space, _, name = name.rpartition("::")
            items.append({"type": "function_call", "id": f"fc_{time.time_ns()}{i}", "call_id": f"call_{time.time_ns()}{i}", "name": name,
                          "arguments": json.dumps(given), "status": "completed", **({"namespace": space} if space else {})})
        for i, item in enumerate(items):
            began = {"type": "response.output_item.added", "output_index": i, "item": {**item, "status": "in_progress"}}
            handler.event(began, "response.output_item.added")
            handler.event({"type": "response.output_item.done", "output_index": i, "item": item}, "response.output_item.done")
        usage = {"input_tokens": 100, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 10,
                 "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 110}
        done = {**about, "status": "completed", "output": items, "usage": usage}
        handler.event({"type": "response.completed", "response": done}, "response.completed")


class Contents:
    """Gemini's contents, as events or not."""

    path = "enerateContent"

    def conversation(self, body):
        contents = body.get("contents", [])
        words = "\n".join(part.get("text", "") for c in contents if c.get("role") == "user" for part in c.get("parts", []))
        return words, sum(c.get("role") == "model" for c in contents)

    def answer(self, handler, body, step):
        parts = [{"text": step["text"]}] if step.get("text") else []
        parts += [{"functionCall": {"name": name, "args": given}} for name, given in tools_of(step)]
        value = {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
                 "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": 10, "totalTokenCount": 110}}
        if "stream" not in handler.path:
            return handler.json(value)
        handler.begin_events()
        handler.event(value)


APIS = [Chat(), Messages(), Responses(), Contents()]


def tools_of(step):
    return step.get("tools") or ([[step["tool"], step["input"]]] if "tool" in step else [])


def kind_of(words):
    named = re.search(r"TASK-(\w+)", words)
    return named.group(1) if named else "sub" if "SUBTASK" in words and "MAINTASK" not in words else "main"


def step_for(kind, turn, has_tools):
    if not has_tools:
        return {"text": "ok"}
    with open(SCRIPT, encoding="utf-8") as file:
        script = json.load(file)
    steps = script.get(kind) or script.get("main", [])
    return steps[turn] if turn < len(steps) else {"text": "done"}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        path = self.path.split("?")[0]
        api = next((a for a in APIS if path.endswith(a.path)), None)
        body = json.loads(raw) if raw else {}
        if path.endswith("/count_tokens"):
            return self.json({"input_tokens": 1000})
        if api is None:
            self.keep(path, None, None, body)
            return self.json({"error": {"message": f"the stand-in has no {path}"}}, 404)
        words, turn = api.conversation(body)
        kind = kind_of(words)
        step = step_for(kind, turn, bool(body.get("tools")))
        self.keep(path, kind, step, body)
        time.sleep(step.get("sleep", 0))
        while "until" in step and not os.path.exists(step["until"]):
            time.sleep(0.02)
        try:
            api.answer(self, body, step)
        except (BrokenPipeError, ConnectionResetError):
            pass  # Whoever asked was stopped.

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def do_GET(self):
        self.json({"object": "list", "data": [{"id": "stub", "object": "model"}]})

    def keep(self, path, kind, step, body):
        name = os.path.join(LOG, f"{next(NUMBERS)}.json")
        with open(name + ".new", "w", encoding="utf-8") as file:
            json.dump({"path": path, "kind": kind, "step": step, "body": body}, file)
        os.rename(name + ".new", name)

    def json(self, value, status=200):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def begin_events(self):
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()

    def event(self, value, name=None):
        text = value if isinstance(value, str) else json.dumps(value)
        self.wfile.write(((f"event: {name}\n" if name else "") + f"data: {text}\n\n").encode())
        self.wfile.flush()


if __name__ == "__main__":
    PORT, SCRIPT, LOG = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    NUMBERS = itertools.count(1)
    os.makedirs(LOG, exist_ok=True)
    ThreadingHTTPServer.daemon_threads = True
    print("ready", flush=True)
    ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
