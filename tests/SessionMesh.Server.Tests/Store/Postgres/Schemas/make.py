"""Fills a new mesh with what KeptSchemaTests look for. How a store of a schema is made, before the next migration changes it:

libfaketime makes PostgreSQL and the server believe that it is early on 2026-01-31, a quarter of an hour before the clock of the tests begins:

    export FAKETIME='@2026-01-31 08:00:00' DONT_FAKE_MONOTONIC=1 FAKETIME_FORCE_MONOTONIC_FIX=0 TZ=UTC
    export LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1
    ./eng/postgres.sh start DIR 5499
    dotnet SERVER.dll --store postgres --postgres-file DIR/connection --data DATA --urls http://127.0.0.1:5498
    python3 make.py http://127.0.0.1:5498 DATA/root.key

Stop the server. Then the key, in a line "-- root key TOKEN", and below it what this says, without the lines that begin with a backslash:

    pg_dump --schema=session_mesh --no-owner --no-privileges --inserts --rows-per-insert=1000 …

Nobody uses the keys in it for anything else.
"""
import json
import sys
import urllib.request

URL, KEY = sys.argv[1], open(sys.argv[2]).read().strip()


def call(method, path, body=None, receipt=None):
    headers = {"Authorization": "Bearer " + KEY, **({"Idempotency-Key": receipt} if receipt else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}/api/session-mesh/{path}", method=method, data=data, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read())


def register(agent, **more):
    call("POST", "agents", {"agent_id": agent, "ttl": 3600, **more})


def steer(direction, agent="worker-1", receipt=None, **more):
    return call("POST", "steer", {"agent_id": agent, "direction": direction, "ttl": 86400, **more}, receipt)


def ack(seq, state, **more):
    call("POST", f"agents/worker-1/directives/{seq}/ack", {"state": state, **more})


register("lead", specializations=["planning"], labels={"env": "prod"}, user="ada")
register("worker-1", parent_id="lead", cluster="east", specializations=["image-processing", "ocr"])
register("worker-2", parent_id="lead")
register("gone")
register("killed")
register("forgotten")
call("POST", "registry", {"specialization": "ocr", "agent_id": "worker-2", "capacity": 2})

steer("north", message="first, and a \u0000", data={"n": 1, "z": "\u0000"}, reason="because")
ack(1, "acknowledged", note="went")
steer("south")
ack(2, "rejected", note="no")
steer("east")
ack(3, "accepted")
steer("west")
call("DELETE", "directives/" + steer("up")["directive_id"])
call("POST", "steer", {"agent_id": "worker-2", "verb": "pause"})
steer("later", "worker-2")
call("POST", "steers", {"steers": [
    {"agent_id": agent, "direction": "both", "message": "to many", "ttl": 86400} for agent in ("worker-1", "worker-2")]})
call("POST", "steer", {"selector": {"specialization": "ocr"}, "direction": "all", "message": "m" * 600, "ttl": 86400, "expect": 2})
steer("once", "worker-2", receipt="again")

call("POST", "agents/gone/exit", {"incarnation": 1, "exit_code": 3, "reason": "done"})
call("DELETE", "agents/killed?force=true&reason=stuck")
call("POST", "agents/forgotten/exit", {"incarnation": 1, "exit_code": 0})
call("DELETE", "agents/forgotten?forget=true")
call("POST", "agents/worker-2/move", {"parent_id": "worker-1"})

for _ in range(2):
    call("POST", "keys", {"session_key": "ops", "ttl": 86400, "scopes": ["mesh:read", "steer", "keys:mint"]})
call("POST", "keys", {"session_key": "short", "ttl": 3600, "refresh": True})
call("DELETE", "keys/" + call("POST", "keys", {"session_key": "revoked", "ttl": 3600})["key_id"])
call("POST", "keys", {"session_key": "exporter", "service": True, "ttl": 15552000, "scopes": ["mesh:read"]})
call("POST", "keys", {"session_key": "w1", "agent_id": "worker-1", "scopes": ["agent:self"]})

call("POST", "sessions", {"user": "ada", "ttl": 86400, "meta": {"k": "v", "n": "\u0000"}})
call("POST", "sessions/" + call("POST", "sessions", {"user": "bob", "ttl": 60})["id"] + "/expire")
call("POST", "registry/claim", {"specialization": "ocr", "ttl": 3600})
call("PUT", "links", {"from": "worker-1", "to": "worker-2", "kind": "feeds", "weight": 3})
call("POST", "admin/compact")  # notes the newest directive of each agent
steer("down")
assert call("POST", "admin/check")["ok"]
