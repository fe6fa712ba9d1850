// Stop: no tool is run any more, the run is aborted, the session's background commands are cancelled, and what still carries its mark is
// ended. Then its end is reported, with what survived. The gateway is everybody's: no signal is ever sent to it.

import { endMarked } from "./processes.js";

export class Stops {
  #plugin;

  constructor(plugin) {
    this.#plugin = plugin;
  }

  async stop(session, seq) {
    if (session.stop) {
      session.stop.seq ??= seq;
      return;
    }

    session.stop = { seq, isOver: false };
    this.#plugin.holds.release(session);
    const { sessions } = this.#plugin;
    sessions.ack(session, seq, "accepted");
    const failed = session.isGateway ? await this.#stopAll(session) : await this.#abort(session);
    const survivors = session.isGateway ? [] : await endMarked(session.mark);
    const reason = reasonOf(session, failed, survivors);
    Object.assign(session.stop, { isOver: true, at: Date.now() });
    sessions.ack(session, session.stop.seq, survivors.length > 0 ? "rejected" : "acknowledged", reason);
    await sessions.exited(session, reason);
  }

  /** A session that was stopped runs again, though nobody spoke to it: something that it left behind woke it. */
  again(session) {
    this.#abort(session).then(() => endMarked(session.mark)).catch(() => {});
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
  async #stopAll(session) {
    const running = this.#plugin.sessions.all().filter((other) => other !== session && !other.stop);
    await Promise.all(running.map((other) => this.stop(other, null)));
    return [];
  }
}

function reasonOf(session, failed, survivors) {
  const words = session.isGateway ? ["stopped with its sessions; the gateway itself goes on"] : ["stopped"];
  words.push(...failed);
  if (survivors.length > 0) {
    words.push(`${survivors.length === 1 ? "process" : "processes"} ${survivors.join(", ")} survived KILL`);
  } else if (!session.isGateway) {
    words.push("no process of it is left");
  }

  return words.join("; ");
}
