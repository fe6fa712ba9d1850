// A client of A2A, made of @a2a-js/sdk alone: it reads cards, sends, follows and cancels, and prints what it got, a line of JSON each.
// SDK is the folder of the package, MESH the server, AGENT the agent and KEY the key.
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const { SDK, MESH, AGENT, KEY } = process.env;
const { ClientFactory, DefaultAgentCardResolver, RestTransportFactory, createAuthenticatingFetchWithRetry } =
  await import(pathToFileURL(`${SDK}/dist/client/index.js`));

const print = (what, value) => console.log(JSON.stringify({ what, value }));
const say = (content, more = {}) => ({
  tenant: '', metadata: undefined, configuration: undefined,
  message: {
    messageId: randomUUID(), contextId: '', taskId: '', role: 1, parts: [{ content, metadata: undefined, filename: '', mediaType: '' }],
    metadata: undefined, extensions: [], referenceTaskIds: [], ...more,
  },
});
const fails = async (what, call) => {
  try {
    await call();
    print(what, 'no error');
  } catch (error) {
    print(what, { name: error.name, status: error.statusCode });
  }
};

const mesh = await new DefaultAgentCardResolver().resolve(MESH);
print('mesh', [mesh.name, mesh.supportedInterfaces[0].protocolBinding]);

const fetchImpl = createAuthenticatingFetchWithRetry(fetch, {
  headers: async () => ({ Authorization: `Bearer ${KEY}` }),
  shouldRetryWithHeaders: async () => undefined,
});
const factory = new ClientFactory({
  transports: [new RestTransportFactory({ fetchImpl })],
  cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
});
const client = await factory.createFromUrl(MESH, `/api/session-mesh/agents/${AGENT}/agent-card.json`);
const card = await client.getAgentCard();
print('card', [card.name, card.skills.map((skill) => skill.id)]);

// Held until the agent has acknowledged it.
const task = await client.sendMessage(say({ $case: 'text', value: 'take the east' }, { metadata: { direction: 'east' } }));
print('sent', [task.id, task.contextId, task.status.state, task.metadata.directive.state]);

const list = await client.listTasks({ tenant: '', contextId: AGENT, status: 2, pageToken: '', statusTimestampAfter: undefined });
print('listed', list.tasks.map((each) => each.id));

// A message to the task, streamed: its own directive until the agent has acknowledged it; then this reader leaves.
for await (const event of client.sendMessageStream(say({ $case: 'data', value: { speed: 2 } }, { taskId: task.id }))) {
  const update = event.payload.value;
  if (event.payload.$case === 'statusUpdate' && update.metadata.directive?.state === 'acknowledged') {
    print('streamed', [update.taskId, update.metadata.directive.seq]);
    break;
  }
}

await fails('file', () => client.sendMessage(say({ $case: 'url', value: 'https://example.com/x' })));
await fails('unknown', () => client.getTask({ tenant: '', id: `${AGENT}.1.99` }));

// Followed to its end, which the cancel brings about.
let isCancelled = false;
for await (const event of client.resubscribeTask({ tenant: '', id: task.id })) {
  print('event', [event.payload.$case, event.payload.value.status.state]);
  if (!isCancelled) {
    isCancelled = true;
    print('cancelled', (await client.cancelTask({ tenant: '', id: task.id, metadata: undefined })).status.state);
  }
}

const over = await client.getTask({ tenant: '', id: task.id });
print('over', [over.status.state, over.status.message.parts[0].content.value]);
await fails('again', () => client.cancelTask({ tenant: '', id: task.id, metadata: undefined }));
await fails('late', () => client.sendMessage(say({ $case: 'text', value: 'x' }, { taskId: task.id })));
