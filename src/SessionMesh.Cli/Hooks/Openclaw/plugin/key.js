// The key: short-lived, limited to the gateway's own agents, and had from the tool, which alone reads what mints it.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";

const TOOL_MS = 10_000;

/** A key is replaced this long before it ends, and at the latest when half of its time is over. */
const EARLY_MS = 300_000;

export class Key {
  #current = null;
  #asking = null;

  /** What the tool said: url, token, expires_at, agent_id (the gateway's), host. Asks it if there is none, or it ends soon. */
  async get() {
    if (this.#current && Date.now() < this.#current.renewAt) {
      return this.#current;
    }

    try {
      return await (this.#asking ??= this.#ask());
    } catch (error) {
      if (this.#current && Date.now() < this.#current.endsAt) {
        return this.#current;
      }

      throw error;
    } finally {
      this.#asking = null;
    }
  }

  /** The server refused it. */
  refused(token) {
    if (this.#current?.token === token) {
      this.forget();
    }
  }

  /** The next call gets another. */
  forget() {
    this.#current = null;
  }

  async #ask() {
    const { command } = JSON.parse(await readFile(new URL("tool.json", import.meta.url), "utf8"));
    const said = read(await run([...command, "hook", "openclaw", "--key"]));
    const now = Date.now();
    const endsAt = said.expires_at ? Date.parse(said.expires_at) : now + 3_600_000;
    this.#current = { ...said, endsAt, renewAt: Math.max(endsAt - EARLY_MS, now + (endsAt - now) / 2) };
    return this.#current;
  }
}

/** The parser's own error would quote what it read: the key. */
function read(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("session-mesh hook openclaw --key printed something else than a key");
  }
}

function run([file, ...args]) {
  return new Promise((resolve, reject) => {
    execFile(file, args, { timeout: TOOL_MS, encoding: "utf8" }, (error, stdout, stderr) => {
      if (error) {
        // The tool's own lines say what to do next.
        reject(new Error(stderr.trim().split(/\s*\n\s*/).join("; ") || error.code || "session-mesh could not be run"));
      } else {
        resolve(stdout);
      }
    });
  });
}
