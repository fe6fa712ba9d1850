// One session of the gateway, and the agent that it is in the mesh.

import { createHash, randomUUID } from "node:crypto";

const SUBAGENT = ":subagent:";

/** The most directives that an agent has pending. */
const MOST_ACKED = 1_000;

/** As many characters of a session's id as its agent's id has: more where these are taken. */
const LENGTHS = [8, 13, 36];

export class Session {
  constructor(key, { sessionId, agentId, parentKey, label, isGateway = false } = {}) {
    this.key = key;
    this.sessionId = sessionId;
    /** Which of OpenClaw's agents it is a session of: `main`, say. */
    this.type = agentId ?? key?.split(":")[1];
    this.parentKey = parentKey;
    this.label = label && plain(label);
    this.isGateway = isGateway;
    /** What its commands carry in their environment; another one each time, so that no other session's are ever meant. */
    this.mark = randomUUID();

    // The agent: null until it is registered.
    this.agentId = null;
    this.incarnation = null;
    this.epoch = null;
    this.registering = null;
    this.isGone = false;
    this.acks = [];
    this.acked = new Set();
    this.heardAt = Date.now();

    // What it does.
    this.runs = new Set();
    this.tool = null;
    this.progress = 0;

    // What it was told.
    this.hasWords = false;
    this.isLooking = false;
    this.isWaking = false;
    this.handed = new Map();
    this.pause = null;
    this.heldSeq = 0;
    this.stop = null;
    this.toldAway = false;
  }

  get isSubagent() {
    return this.key?.includes(SUBAGENT) ?? false;
  }

  /** As many are remembered as can be pending: of others the mesh knows. */
  wasAcked(seq) {
    this.acked.add(seq);
    if (this.acked.size > MOST_ACKED) {
      const [oldest] = this.acked;
      this.acked.delete(oldest);
    }
  }

  isAcked(seq) {
    return this.acked.has(seq);
  }

  /** The ids that its agent may have, the best first. */
  names(parentId) {
    if (this.isSubagent) {
      const id = this.key.slice(this.key.lastIndexOf(SUBAGENT) + SUBAGENT.length);
      return LENGTHS.map((length) => `${parentId}.${safe(id).slice(0, length)}`);
    }

    const id = this.sessionId ?? createHash("sha256").update(this.key).digest("hex");
    return LENGTHS.map((length) => `openclaw-${safe(id).slice(0, length)}`);
  }

  get activity() {
    return this.runs.size > 0 && !this.pause?.holds ? "working" : "waiting";
  }

  get note() {
    const tool = this.tool && plain(this.tool);
    return this.pause?.holds ? `paused before ${tool ?? "a tool"}` : tool ?? "";
  }
}

/** A text of somebody else's as a label or a note: no control characters, and not long. */
export function plain(text) {
  return text.replace(/\p{C}+/gu, " ").trim().slice(0, 200);
}

function safe(id) {
  return id.replace(/[^A-Za-z0-9._-]/g, "-");
}
