"""What docs/sessions.md says of the session script, v1.0.0: its records, shapes, defaults and rules, as a stand-in to compare with.

Known faults of it are left in; the comparison keeps away from them.
"""
import csv
import datetime
import json
import os
import secrets
import sys

HOME = os.path.join(os.environ["HOME"], ".session")
DATA = os.path.join(HOME, "data.jsonl")
CONFIG = os.path.join(HOME, "config.json")


def now():
    return datetime.datetime.now(datetime.timezone.utc)


def text(time):
    return time.replace(tzinfo=None).isoformat() + "Z"


def time_of(words):
    time = datetime.datetime.fromisoformat(words.replace("Z", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)


def load():
    try:
        with open(DATA, encoding="utf-8") as lines:
            return [json.loads(line) for line in lines if line.strip()]
    except FileNotFoundError:
        return []


def save(records):
    os.makedirs(HOME, exist_ok=True)
    with open(DATA, "w", encoding="utf-8") as lines:
        for record in records:
            lines.write(json.dumps(record, ensure_ascii=False) + "\n")


def config():
    try:
        with open(CONFIG, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {"default_ttl": 3600}


def answer(value):
    print(json.dumps(value, ensure_ascii=False, indent=2))
    sys.exit(0)


def usage(words):
    print(json.dumps({"error": words}), file=sys.stderr)
    sys.exit(1)


def options(words, flags, switches=()):
    """Positional words and the values of flags; a flag that is repeated has all its values."""
    rest, found = [], {}
    words = list(words)
    while words:
        word = words.pop(0)
        if word in switches:
            found[word] = True
        elif word in flags:
            if not words:
                usage(word + " takes a value")
            found.setdefault(word, []).append(words.pop(0))
        elif word.startswith("--"):
            usage("unknown option " + word)
        else:
            rest.append(word)
    return rest, found


def last(found, flag, default=None):
    return found[flag][-1] if flag in found else default


def seconds(words):
    if not words.isdigit() or int(words) < 1:
        usage("not a number of seconds: " + words)
    return int(words)


def record_of(records, rest):
    if not rest:
        usage("no session id")
    for record in records:
        if record["id"] == rest[0]:
            return record
    print(json.dumps({"ok": False, "error": "Session %s not found" % rest[0]}))
    sys.exit(1)


def is_over(record):
    return record["status"] == "expired" or time_of(record["expires_at"]) <= now()


def changed(records, record):
    save(records)
    answer({"ok": True, "session": record})


def create(words):
    _, found = options(words, ("--user", "--ttl", "--meta"))
    ttl = seconds(last(found, "--ttl", str(config()["default_ttl"])))
    meta = {}
    for pair in ",".join(found.get("--meta", [])).split(","):
        if pair:
            key, equals, value = pair.partition("=")
            if not equals or not key:
                usage("not KEY=VAL: " + pair)
            meta[key] = value
    begun = now()
    record = {
        "type": "session", "id": secrets.token_hex(6), "user": last(found, "--user", "anonymous"), "status": "active", "ttl": ttl,
        "meta": meta, "created_at": text(begun), "last_access": text(begun), "expires_at": text(begun + datetime.timedelta(seconds=ttl)),
    }
    changed(load() + [record], record)


def get(words):
    answer({"ok": True, "session": record_of(load(), words)})


def set_(words):
    records = load()
    if len(words) < 2:
        usage("set SESSION_ID KEY VALUE")
    record = record_of(records, words)
    record["meta"][words[1]] = words[2] if len(words) > 2 else ""
    record["last_access"] = text(now())
    changed(records, record)


def delete(words):
    records = load()
    records.remove(record_of(records, words))
    save(records)
    answer({"ok": True, "deleted": words[0]})


def list_(words):
    _, found = options(words, ("--status", "--user", "--limit"))
    status = last(found, "--status")
    if status not in (None, "active", "expired"):
        usage("unknown status " + status)
    records = load()
    if status:
        records = [r for r in records if is_over(r) == (status == "expired")]
    if "--user" in found:
        records = [r for r in records if r["user"] == last(found, "--user")]
    if "--limit" in found:
        records = records[: seconds(last(found, "--limit"))]
    answer({"ok": True, "count": len(records), "sessions": records})


def expire(words):
    records = load()
    record = record_of(records, words)
    record["status"] = "expired"
    record["expired_at"] = text(now())
    changed(records, record)


def refresh(words):
    rest, found = options(words, ("--ttl",))
    records = load()
    record = record_of(records, rest)
    record["ttl"] = seconds(last(found, "--ttl", str(config()["default_ttl"])))
    record["status"] = "active"
    begun = now()
    record["last_access"] = text(begun)
    record["expires_at"] = text(begun + datetime.timedelta(seconds=record["ttl"]))
    changed(records, record)


def stats(_):
    records = load()
    over = sum(is_over(r) for r in records)
    answer({"ok": True, "stats": {
        "total_sessions": len(records), "active": len(records) - over, "expired": over, "unique_users": len({r["user"] for r in records}),
        "average_ttl_seconds": round(sum(r["ttl"] for r in records) / len(records), 1) if records else 0, "data_file": DATA,
    }})


def export(words):
    _, found = options(words, ("--format", "--output"))
    form = last(found, "--format", "json")
    if form not in ("json", "csv"):
        usage("unknown format " + form)
    records = load()
    file = last(found, "--output")
    with open(file, "w", encoding="utf-8", newline="") if file else sys.stdout as out:
        if form == "json":
            json.dump(records, out, ensure_ascii=False, indent=2)
        else:
            rows = csv.DictWriter(out, ["id", "user", "status", "ttl", "created_at", "last_access", "expires_at"], extrasaction="ignore")
            rows.writeheader()
            rows.writerows(records)
    if file:
        answer({"ok": True, "exported": len(records), "file": file})


def cleanup(words):
    _, found = options(words, ("--before",), ("--dry-run",))
    records = load()
    before = time_of(last(found, "--before")) if "--before" in found else now()
    gone = [r for r in records if is_over(r) and time_of(r.get("expired_at", r["expires_at"])) < before]
    if "--dry-run" not in found:
        save([r for r in records if r not in gone])
    answer({"ok": True, "dry_run": "--dry-run" in found, "removed_count": len(gone), "remaining_count": len(records) - len(gone),
            "removed_ids": [r["id"] for r in gone]})


def config_(words):
    known = config()
    if not words:
        answer({"ok": True, "config": known})
    if words[0] not in known:
        usage("unknown key " + words[0])
    if len(words) == 1:
        answer({"ok": True, words[0]: known[words[0]]})
    known[words[0]] = seconds(words[1])
    os.makedirs(HOME, exist_ok=True)
    with open(CONFIG, "w", encoding="utf-8") as file:
        json.dump(known, file)
    answer({"ok": True, "updated": {words[0]: known[words[0]]}})


COMMANDS = {
    "create": create, "get": get, "set": set_, "delete": delete, "list": list_, "expire": expire, "refresh": refresh, "stats": stats,
    "export": export, "cleanup": cleanup, "config": config_,
}

if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
    usage("unknown command")
COMMANDS[sys.argv[1]](sys.argv[2:])
