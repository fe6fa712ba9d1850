// What `session-mesh hooks doctor` reads: when a hook was last heard, and whether the mesh was reached.

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

const EVERY_MS = 5_000;

export class Ledger {
  #record = { heard_at: null, event: null, outcome: "ok", events: 0, unknown: 0, unreadable: 0, too_large: 0 };
  #written = 0;
  #isBehind = false;

  heard(event) {
    this.#record.heard_at = new Date().toISOString();
    this.#record.event = event;
    this.#record.events++;
    this.#isBehind = true;
    if (Date.now() - this.#written > EVERY_MS) {
      this.flush();
    }
  }

  outcome(outcome, detail) {
    if (this.#record.outcome !== outcome || this.#isBehind) {
      Object.assign(this.#record, { outcome, detail });
      this.flush();
    }
  }

  flush() {
    this.#written = Date.now();
    this.#isBehind = false;
    try {
      const given = process.env.XDG_STATE_HOME;
      const directory = join(given && isAbsolute(given) ? given : join(homedir(), ".local", "state"), "session-mesh", "hooks");
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      const next = join(directory, `.openclaw.${process.pid}`);
      writeFileSync(next, `${JSON.stringify(this.#record)}\n`, { mode: 0o600 });
      renameSync(next, join(directory, "openclaw.json"));
    } catch {
      // It is for a doctor's eyes: without a disk the plugin works on.
    }
  }
}
