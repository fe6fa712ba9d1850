import { fileURLToPath } from "node:url"
import { Denied, Sessions } from "./sessions.js"
import { Tool } from "./tool.js"

/** Whatever fails here, opencode goes on. */
const safely = (act) => async (...what) => {
    try {
        await act(...what)
    } catch (error) {
        if (error instanceof Denied) {
            throw error
        }
    }
}

/** Written by `session-mesh hooks install opencode`. It holds no key: the tool that tool.json names speaks to the mesh. */
export const SessionMesh = async ({ client, directory }) => {
    const sessions = new Sessions(client, directory, new Tool(fileURLToPath(new URL("./tool.json", import.meta.url))))
    return {
        event: safely(({ event }) => sessions.happened(event)),
        "chat.message": safely(({ sessionID }, { message, parts }) => sessions.prompted(sessionID, message, parts)),
        "experimental.chat.messages.transform": safely((_, { messages }) => sessions.requested(messages)),
        "chat.params": safely(({ sessionID, agent }) => sessions.asked(sessionID, agent)),
        "experimental.text.complete": safely(({ sessionID }) => sessions.answered(sessionID)),
        "tool.execute.before": safely(({ sessionID, tool }, { args }) => sessions.toolStarts(sessionID, tool, args)),
        "tool.execute.after": safely(({ sessionID, tool }) => sessions.toolEnds(sessionID, tool)),
        dispose: safely(() => sessions.ended()),
    }
}
