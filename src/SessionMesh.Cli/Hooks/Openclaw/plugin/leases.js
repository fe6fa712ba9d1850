// Registration, heartbeats, acks and ends: what the mesh is told about the sessions. One beat carries all of them, and its answer hands
// nothing out: it names the agents for which something is pending.

import { homedir, hostname } from "node:os";
import { basename } from "node:path";
import { plain } from "./session.js";

const TTL_S = 60;
const BEAT_MS = 15_000;
const SOON_MS = 100;
const PARENT_MS = 1_000;
const REGISTER_MS = 5_000;
const END_MS = 2_000;

/** Agents a call. */
const BATCH = 500;

export class Leases {
  #plugin;
  #sessions;
  #gateway;
  #dirty = new Set();
  #unreported = [];
  #timer = null;
  #soon = null;
  #beating = null;
  #isOver = false;

  constructor(plugin, sessions, gateway) {
    this.#plugin = plugin;
    this.#sessions = sessions;
    this.#gateway = gateway;
  }

  start() {
    this.register(this.#gateway);
    this.#timer = setInterval(() => {
      this.#sessions.letGo();
      this.beatNow();
    }, BEAT_MS).unref();
  }

  /** The ends of all are reported, the children's first, in the time that a gateway gives its hooks. */
  async end(sessions, reason) {
    this.#isOver = true;
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    const depth = (session) => session.agentId?.split(".").length ?? 0;
    for (const session of [...sessions].sort((a, b) => depth(b) - depth(a)).concat(this.#gateway)) {
      if (this.#plugin.isAway) {
        return;
      }

      await this.exit(session, reason, END_MS);
    }
  }

  register(session) {
    if (session.isGone) {
      return Promise.resolve();
    }

    session.registering ??= this.#register(session)
      .catch((error) => this.#failed(session, error))
      .finally(() => (session.registering = null));
    return session.registering;
  }

  changed(session) {
    this.#dirty.add(session);
    this.#beatSoon();
  }

  ack(session, seq, state, note) {
    if (state !== "accepted") {
      session.wasAcked(seq);
    }

    session.acks.push({ seq, state, ...(note && { note }) });
    this.changed(session);
  }

  /** Answers at once: of a stop whose grace is over the mesh takes no word with a beat any more. */
  async answer(session, seq, state, note) {
    const { agentId, incarnation, epoch } = session;
    session.wasAcked(seq);
    try {
      await this.#plugin.mesh.post(`/agents/${encodeURIComponent(agentId)}/directives/${seq}/ack`, { state, note, incarnation, epoch });
      this.#plugin.reached(null);
    } catch (error) {
      this.#plugin.reached(error);
      if (error.isAway) {
        this.ack(session, seq, state, note);
      }
    }
  }

  async exit(session, reason, timeout = REGISTER_MS) {
    await session.registering;
    if (!session.agentId) {
      session.isGone = !session.isGateway;
      return;
    }

    const { agentId, incarnation, epoch, acks } = session;
    session.agentId = null;
    session.isGone = !session.isGateway;
    session.acks = [];
    await this.#report({ agentId, incarnation, epoch, acks, reason }, timeout);
  }

  /** Only a report proves an end: one that the mesh was away for is made again with the beats. */
  async #report(end, timeout) {
    const { agentId, incarnation, epoch, acks, reason } = end;
    try {
      // Acks first: the end of an agent makes what it did not answer undeliverable.
      if (acks.length > 0) {
        await this.#plugin.mesh.post("/heartbeats", { agents: [{ agent_id: agentId, incarnation, epoch, acks }] }, { timeout });
      }

      await this.#plugin.mesh.post(`/agents/${encodeURIComponent(agentId)}/exit`, { incarnation, epoch, reason }, { timeout });
      this.#plugin.reached(null);
    } catch (error) {
      this.#plugin.reached(error);
      if (error.isAway) {
        this.#unreported.push(end);
      }
    }
  }

  /** Everyone's beat, at once; after the one under way. */
  beatNow() {
    clearTimeout(this.#soon);
    this.#soon = null;
    this.#beating = (this.#beating ?? Promise.resolve()).then(() => this.#beat([this.#gateway, ...this.#sessions.all()]));
  }

  #beatSoon() {
    this.#soon ??= setTimeout(() => {
      this.#soon = null;
      const some = [...this.#dirty];
      this.#beating = (this.#beating ?? Promise.resolve()).then(() => this.#beat(some));
    }, SOON_MS).unref();
  }

  async #register(session) {
    const key = await this.#plugin.key.get();
    const host = key.host ?? hostname();
    if (session.isGateway) {
      return this.#registered(session, await this.#post({ agent_id: key.agent_id, labels: { agent: "openclaw-gateway", host } }));
    }

    const parent = await this.#parent(session);
    const labels = { agent: "openclaw", project: this.#project(session.type), host, ...(session.label && { name: session.label }) };
    const specializations = session.type ? [session.type] : [];
    const taken = new Set(this.#sessions.all().filter((other) => other !== session).map((other) => other.agentId));
    for (const id of session.names(parent.agentId)) {
      if (taken.has(id)) {
        continue;
      }

      try {
        return this.#registered(session, await this.#post({ agent_id: id, parent_id: parent.agentId, labels, specializations }));
      } catch (error) {
        if (error.code !== "outside_reach") {
          throw error;
        }
      }
    }

    throw new Error(`every id for the session ${session.key} is taken`);
  }

  #post(body) {
    // Whoever has the id in this key's reach is an earlier life of this gateway: there is one at a time.
    return this.#plugin.mesh.post("/agents", { ttl: TTL_S, takeover: true, ...body }, { timeout: REGISTER_MS });
  }

  #registered(session, row) {
    Object.assign(session, { agentId: row.agent_id, incarnation: row.incarnation, epoch: row.epoch });
    this.#plugin.reached(null);
    this.changed(session);
    return this.#peek(session);
  }

  /** The agent that a session stands below, registered. */
  async #parent(session) {
    if (session.isSubagent && !session.parentKey) {
      // subagent_spawned comes with the run, or a little later.
      await new Promise((resolve) => setTimeout(resolve, PARENT_MS).unref());
      session.parentKey ??= await this.#sessions.parentOf(session).catch(() => undefined);
    }

    const parent = (session.parentKey && this.#sessions.seen({ key: session.parentKey })) || this.#gateway;
    if (!parent.agentId || parent.stop?.isOver) {
      await (parent.isGateway ? this.#revive(parent) : this.register(parent));
    }

    if (!parent.agentId) {
      throw new Error(`the agent above the session ${session.key} is not registered`);
    }

    return parent;
  }

  #revive(gateway) {
    gateway.stop = null;
    return this.register(gateway);
  }

  #project(type) {
    const { agents } = this.#plugin.config;
    const own = agents?.entries?.[type]?.workspace ?? agents?.list?.find?.((agent) => agent.id === type)?.workspace;
    return plain(basename(own ?? agents?.defaults?.workspace ?? this.#plugin.workspace ?? homedir())) || "/";
  }

  #failed(session, error) {
    this.#plugin.reached(error);
    if (error.code === "tombstoned" && !session.stop) {
      // It was stopped by force, and nobody has said yet that it may live again.
      session.stop = { seq: null, isOver: true, at: Date.now() };
    } else if (session.isGateway && error.status === 404) {
      // The gateway's agent was forgotten, and with it whatever the key reached. The tool makes it known when it is asked for the next.
      this.#plugin.key.forget();
    }
  }

  async #beat(sessions) {
    this.#dirty = new Set([...this.#dirty].filter((session) => !sessions.includes(session)));
    if (this.#isOver) {
      return;
    }

    if (this.#unreported.length > 0 && !this.#plugin.isAway) {
      await Promise.all(this.#unreported.splice(0).map((end) => this.#report(end, REGISTER_MS)));
    }

    sessions.filter((session) => !session.agentId && !session.stop).forEach((session) => this.register(session));
    const living = sessions.filter((session) => session.agentId);
    for (let at = 0; at < living.length; at += BATCH) {
      await this.#beatSome(living.slice(at, at + BATCH));
    }
  }

  async #beatSome(sessions) {
    const sent = sessions.map((session) => session.acks.length);
    try {
      const answer = await this.#plugin.mesh.post("/heartbeats", { agents: sessions.map(beatOf) });
      this.#plugin.reached(null);
      sessions.forEach((session, at) => session.acks.splice(0, sent[at]));
      for (const { agent_id: agentId, code } of answer.refused) {
        this.#refused(this.#sessions.ofAgent(agentId), code);
      }

      for (const agentId of answer.pending) {
        const session = this.#sessions.ofAgent(agentId);
        if (session && !session.hasWords && !session.stop && session.handed.size === 0) {
          this.#peek(session).catch((error) => this.#plugin.reached(error));
        }
      }
    } catch (error) {
      this.#plugin.reached(error);
    }
  }

  #refused(session, code) {
    if (!session || session.stop) {
      return;
    }

    if (code === "tombstoned") {
      this.#plugin.stops.stop(session, null);
    } else if (code !== "stopping") {
      session.agentId = null;
      session.acks = [];
      this.register(session);
    }
  }

  /** What is pending, without taking it. */
  async #peek(session) {
    for (const { verb, seq, issued_by: by, data } of await this.#plugin.mesh.pending(session.agentId)) {
      if (!session.isAcked(seq)) {
        this.#plugin.heard(session, { verb, seq, by, data });
      }
    }
  }
}

function beatOf(session) {
  const { agentId, incarnation, epoch, isGateway, activity, progress, note, acks } = session;
  return {
    agent_id: agentId, incarnation, epoch,
    ...(!isGateway && { activity, progress, note }),
    ...(acks.length > 0 && { acks: [...acks] }),
  };
}
