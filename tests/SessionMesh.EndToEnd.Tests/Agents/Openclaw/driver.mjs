// OpenClaw, as far as its plugin can tell: an api to register hooks with, and a gateway's port to call. What a test posts here is what
// OpenClaw would have done, and the answer is what the plugin answered.
//
//   node driver.mjs PLUGIN_FOLDER CONFIG.json
//
//   POST /hook/NAME {"event", "ctx"}    a hook; the answer is {"result", "ms"}
//   POST /result {"event", "ctx"}       the middleware of tool results
//   POST /run {"event"}                 an agent event
//   POST /gateway {"event", "payload"}  what the gateway tells its clients
//   POST /answer {"method", "payload"}  what the gateway answers from now on; {} unless told
//   GET /calls                          what the gateway was asked, in order: [{"method", "params"}]

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, config] = process.argv.slice(2);
const hooks = new Map();
const calls = [];
const answers = new Map([["sessions.list", { sessions: [] }], ["tasks.list", { tasks: [] }]]);
let onResult;
let onRun;
let socket;

globalThis.WebSocket = class {
  constructor() {
    socket = this;
    setImmediate(() => this.tell({ type: "event", event: "connect.challenge", payload: {} }));
  }

  tell(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }

  send(text) {
    const { id, method, params } = JSON.parse(text);
    calls.push({ method, params });
    setImmediate(() => this.tell({ type: "res", id, ok: true, payload: answers.get(method) ?? {} }));
  }

  close() {
    setImmediate(() => this.onclose());
  }
};

const { default: plugin } = await import(pathToFileURL(join(folder, "index.js")));
plugin.register({
  registrationMode: "full",
  config: JSON.parse(readFileSync(config, "utf8")),
  logger: console,
  on: (name, handler) => hooks.set(name, handler),
  registerAgentToolResultMiddleware: (handler) => (onResult = handler),
  agent: { events: { registerAgentEventSubscription: ({ handle }) => (onRun = handle) } },
});
process.on("unhandledRejection", (error) => console.error("unhandled", error));

const server = createServer(async (request, response) => {
  let body = "";
  for await (const chunk of request) {
    body += chunk;
  }

  const began = performance.now();
  let answer;
  try {
    answer = { result: await act(request.url, body ? JSON.parse(body) : {}), ms: performance.now() - began };
  } catch (error) {
    answer = { error: String(error.stack) };
  }

  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(answer));
});
server.listen(0, "127.0.0.1", () => console.log(`port ${server.address().port}`));

function act(url, { event, ctx, method, payload }) {
  const [, what, name] = url.split("/");
  if (ctx?.abortSignal) {
    ctx.abortSignal = new AbortController().signal;
  }

  switch (what) {
    case "hook": return hooks.get(name)?.(event, ctx);
    case "result": return onResult(event, ctx);
    case "run": return onRun(event, ctx);
    case "gateway": return socket.tell({ type: "event", event, payload });
    case "answer": return void answers.set(method, payload);
    case "calls": return calls;
    default: throw new Error(`no ${url}`);
  }
}
