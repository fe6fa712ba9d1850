// Session Mesh in OpenClaw: every session of the gateway is an agent of the mesh, every sub-agent one below the session that asked for it.
// Here stands which hook does what. A hook answers from memory; only one that hands words to a session asks the mesh, for a second at most.

import { Plugin } from "./plugin.js";

// OpenClaw calls register() several times in one process, and the gateway has one of everything.
const PLACE = Symbol.for("session-mesh.openclaw");

const ID = "session-mesh";

/** Until this has passed, OpenClaw waits for a held tool call if its config says nothing. */
const DEFAULT_HOLD_MS = 15_000;

export default {
  id: ID,
  name: "Session Mesh",
  description: "Sees, steers and stops OpenClaw's sessions from Session Mesh",
  register,
};

function register(api) {
  if (api.registrationMode === "cli-metadata" || api.registrationMode?.startsWith("setup")) {
    return;
  }

  const plugin = () => globalThis[PLACE];
  const log = api.logger ?? console;

  api.on("gateway_start", (event, ctx) => {
    plugin()?.end("the plugin was loaded anew");
    const config = ctx?.config ?? api.config ?? {};
    globalThis[PLACE] = new Plugin({
      config,
      log,
      port: event?.port ?? ctx?.port,
      workspace: ctx?.workspaceDir,
      holdMs: config.plugins?.entries?.[ID]?.hooks?.timeouts?.before_tool_call ?? DEFAULT_HOLD_MS,
    });
    plugin().start();
  });

  api.on("gateway_stop", async () => {
    await plugin()?.end("the gateway stopped");
    delete globalThis[PLACE];
  });

  api.on("session_start", (event, ctx) => plugin()?.sessions.seen(sessionOf(event, ctx)));
  api.on("session_end", (event, ctx) => plugin()?.sessions.ended(sessionOf(event, ctx), event?.reason ?? "the session ended"));
  api.on("subagent_spawned", (event, ctx) => plugin()?.sessions.spawned(event, ctx));
  api.on("subagent_ended", (event) => plugin()?.sessions.ended({ key: event?.targetSessionKey }, event?.reason ?? "the sub-agent ended"));
  api.on("message_received", (event, ctx) => plugin()?.sessions.spokenTo(event?.sessionKey ?? ctx?.sessionKey));

  api.on("before_tool_call", (event, ctx) => plugin()?.holds.before(sessionOf(event, ctx), event?.toolName, ctx?.abortSignal));
  api.on("resolve_exec_env", (event, ctx) => plugin()?.sessions.markOf(event?.sessionKey ?? ctx?.sessionKey));
  api.on("model_call_started", (event, ctx) => plugin()?.words.asked(sessionOf(event, ctx).key, event?.runId ?? ctx?.runId));

  api.registerAgentToolResultMiddleware(
    (event, ctx) => plugin()?.afterTool(sessionOf(event, ctx), event, ctx?.runId), { runtimes: ["openclaw"] });

  const events = api.agent?.events ?? api;
  events.registerAgentEventSubscription({
    id: `${ID}-runs`,
    description: "Which sessions have a run",
    streams: ["lifecycle"],
    handle: (event) => plugin()?.sessions.ran(event),
  });
}

function sessionOf(event, ctx) {
  return {
    key: event?.sessionKey ?? ctx?.sessionKey,
    sessionId: event?.sessionId ?? ctx?.sessionId,
    agentId: event?.agentId ?? ctx?.agentId,
  };
}
