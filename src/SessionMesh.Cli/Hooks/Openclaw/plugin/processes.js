// What a session's commands left running, found by the variable that every one of them, and whatever it started, has in its environment.

import { readdir, readFile } from "node:fs/promises";

/** Whether processes are looked for here. */
export const LOOKS = process.platform === "linux";

export const MARK = "SESSION_MESH_OPENCLAW_SESSION";

const TERM_MS = 2_000;
const KILL_MS = 3_000;
const PACE_MS = 50;

/** Ends them: TERM, and after two seconds KILL. Returns the process ids that are there all the same. */
export async function endMarked(mark) {
  await signalled(mark, "SIGTERM", TERM_MS);
  return signalled(mark, "SIGKILL", KILL_MS);
}

/** Signals each once, those that appear meanwhile too, until none is left or the time is over. */
async function signalled(mark, signal, ms) {
  const told = new Set();
  for (const end = Date.now() + ms; ; await new Promise((resolve) => setTimeout(resolve, PACE_MS))) {
    const left = await marked(mark);
    if (left.length === 0 || Date.now() > end) {
      return left;
    }

    for (const pid of left.filter((id) => !told.has(id))) {
      told.add(pid);
      send(pid, signal);
    }
  }
}

function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone, which the next look shows, or another account's, which has no variable that could be read.
  }
}

async function marked(mark) {
  const needle = Buffer.from(`\0${MARK}=${mark}\0`);
  const found = await Promise.all((await readdir("/proc").catch(() => [])).map(async (name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) {
      return null;
    }

    const environment = await readFile(`/proc/${name}/environ`).catch(() => null);
    // A zombie's is empty.
    return environment?.length && Buffer.concat([Buffer.of(0), environment, Buffer.of(0)]).includes(needle) ? pid : null;
  }));
  return found.filter((pid) => pid !== null);
}
