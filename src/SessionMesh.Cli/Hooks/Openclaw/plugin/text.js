// What a session reads. Words from the mesh are told as facts, with who issued them and under which id: the model decides what they mean.

const MOST = 9_000;

/** Room for the line that says how much was left out. */
const TAIL = 200;

/**
 * The first of these directives as one text of 9,000 characters at most, and how many they are: as many as fit whole. One that does not
 * fit alone is cut, and the text says by how much.
 */
export function steerText(agentId, directives) {
  let text = "";
  for (const [count, directive] of directives.entries()) {
    const words = wordsOf(directive);
    if (count === 0 && words.length > MOST) {
      const kept = words.slice(0, MOST - TAIL).replace(/[\uD800-\uDBFF]$/, "");
      return {
        text: `${kept}\n(and ${words.length - kept.length} more characters: session-mesh history ${agentId} shows them)`,
        count: 1,
      };
    }

    const longer = count === 0 ? words : `${text}\n\n${words}`;
    if (longer.length > MOST) {
      return { text, count };
    }

    text = longer;
  }

  return { text, count: directives.length };
}

export function awayText() {
  return "[Session Mesh] The mesh cannot be reached, so that no word from it reaches this session until it can. The session goes on.";
}

export function stoppedText() {
  return "Session Mesh stopped this session: no tool is run any more.";
}

export function pausedText(by) {
  return `Session Mesh paused this session${by ? ` (by key ${by})` : ""}, and it was not resumed in the time that a tool call can wait. `
    + "Nothing was run. Wait to be told to go on, or try again later.";
}

function wordsOf({ directive_id: id, issued_by: by, issued_at: at, direction, message, data }) {
  const said = [
    direction && `Direction: ${direction}`,
    message && `Message: ${within(message)}`,
    data !== undefined && data !== null && `Data: ${within(JSON.stringify(data))}`,
  ].filter(Boolean).join("\n");
  return `[Session Mesh] This session was sent directive ${id} by key ${by} at ${at}.\n${said}`;
}

/** Further lines are indented, and control characters replaced: none can be taken for the line that says whose words these are. */
function within(text) {
  return text.replace(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/g, "\n  ").replace(/(?![\n\t])\p{Cc}/gu, "\uFFFD");
}
