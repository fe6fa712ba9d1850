// Stop: no tool is run any more, the run is aborted, the session's background commands are cancelled, and what still carries its mark is
// ended. Then its end is reported. What the gateway does not take is tried again until the grace of the stop is over; then the stop is
// rejected, and no end is reported: the run may go on. The gateway is everybody's: no signal is ever sent to it.

import { endMarked, LOOKS } from "./processes.js";

const AGAIN_MS = 1_000;

/** Where the stop has no grace, since the mesh has given the agent up already. */
const GRACE_MS = 10_000;

export class Stops {
  #plugin;

  constructor(plugin) {
    this.#plugin = plugin;
  }

  /** Returns whether it was stopped, once that is known. One that failed is tried anew. */
  stop(session, seq, grace) {
    if (!session.stop || session.stop.hasFailed) {
      session.stop = { seq, isOver: false, hasFailed: false };
      session.stop.done = this.#stop(session, Date.now() + (grace > 0 ? grace * 1_000 : GRACE_MS));
    }

    session.stop.seq ??= seq;
    return session.stop.done;
  }

  /** A session that was stopped runs again, though nobody spoke to it: something that it left behind woke it. */
  again(session) {
    this.#abort(session).then(() => endMarked(session.mark)).catch(() => {});
  }

  async #stop(session, deadline) {
    const { sessions, holds } = this.#plugin;
    const { stop } = session;
    holds.release(session);
    sessions.ack(session, stop.seq, "accepted");
    const [failed, survivors] = session.isGateway ? await this.#stopAll(session, deadline) : await this.#end(session, deadline);
    const reason = reasonOf(session, failed, survivors);
    Object.assign(stop, { isOver: true, hasFailed: failed.length > 0, at: Date.now() });
    if (stop.hasFailed) {
      await sessions.answer(session, stop.seq, "rejected", reason);
    } else {
      sessions.ack(session, stop.seq, survivors.length > 0 ? "rejected" : "acknowledged", reason);
      await sessions.exited(session, reason);
    }

    return !stop.hasFailed;
  }

  /** What failed, and which processes are left. */
  async #end(session, deadline) {
    for (let tries = 0; ; tries++) {
      const failed = await this.#abort(session);
      const survivors = tries === 0 || failed.length === 0 ? await endMarked(session.mark) : [];
      const left = deadline - Date.now();
      if (failed.length === 0 || left <= 0) {
        return [failed, survivors];
      }

      await new Promise((resolve) => setTimeout(resolve, Math.min(AGAIN_MS, left)));
    }
  }

  async #abort(session) {
    const failed = [];
    const { gateway } = this.#plugin;
    await gateway.call("sessions.abort", { key: session.key }).catch((error) => failed.push(`its run was not aborted: ${error.message}`));
    try {
      const { tasks } = await gateway.call("tasks.list", {});
      const own = tasks.filter((task) => task.kind === "exec" && task.sessionKey === session.key
        && (task.status === "running" || task.status === "queued"));
      await Promise.all(own.map(({ taskId }) => gateway.call("tasks.cancel", { taskId })));
    } catch (error) {
      failed.push(`its background commands were not cancelled: ${error.message}`);
    }

    return failed;
  }

  /** The gateway's own agent goes when its sessions have gone. */
  async #stopAll(gateway, deadline) {
    const grace = Math.max((deadline - Date.now()) / 1_000, 0);
    const others = this.#plugin.sessions.all().filter((other) => !other.stop?.isOver);
    const stopped = await Promise.all(others.map((other) => this.stop(other, null, grace)));
    const left = others.filter((_, at) => !stopped[at]).map(({ agentId, key }) => agentId ?? key);
    return [left.length > 0 ? [`not stopped: ${left.join(", ")}`] : [], []];
  }
}

function reasonOf(session, failed, survivors) {
  const words = failed.length > 0 ? ["its tools are denied, but it may still run"]
    : session.isGateway ? ["stopped with its sessions; the gateway itself goes on"]
    : ["stopped"];
  words.push(...failed);
  if (survivors.length > 0) {
    words.push(`${survivors.length === 1 ? "process" : "processes"} ${survivors.join(", ")} survived KILL`);
  } else if (!session.isGateway && failed.length === 0) {
    words.push(LOOKS ? "no process of it is left" : "its processes were not looked for, which is done on Linux alone");
  }

  return words.join("; ");
}
