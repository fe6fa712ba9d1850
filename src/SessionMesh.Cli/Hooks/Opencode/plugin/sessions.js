import { Session } from "./session.js"

/** Milliseconds for which the end of opencode waits until the mesh knows of it. */
const MOST_AT_END = 1_500

/** The same for opencode to take a message. */
const MOST_TO_SAY = 5_000

/** Milliseconds until words are tried again that opencode did not take at rest. */
const AGAIN = 10_000

/** The event by which the mesh learns that words were taken. */
const WRITTEN = "session-mesh:written"

/** A tool call that the mesh does not want. */
export class Denied extends Error {}

/** The sessions of one opencode, each told to the mesh as an agent, and what the mesh answers done to them. */
export class Sessions {
    #client
    #directory
    #tool
    #known = new Map()

    constructor(client, directory, tool) {
        this.#client = client
        this.#directory = directory
        this.#tool = tool
    }

    /** Finds a session, and tells of its beginning where it is new here. */
    find(id, info) {
        if (!this.#known.has(id)) {
            this.#known.set(id, this.#begin(id, info))
        }

        return this.#known.get(id)
    }

    async #begin(id, info) {
        info ??= (await this.#client.session.get({ path: { id } }).catch(() => null))?.data ?? {}
        const session = new Session(id, info.parentID ? await this.find(info.parentID) : null, info)
        const told = session.inOrder(async () => {
            await session.parent?.settled() // the mesh hears of the one above first
            return this.#ask(session, session.parent ? "subagent.start" : "session.start")
        })
        told.then((answer) => this.#act(session, answer)).catch(() => {})
        return session
    }

    async prompted(id, message, parts) {
        const session = await this.find(id)
        this.#stir(session)
        if (!session.takeMessage(message, parts)) {
            const told = this.#tell(session, "prompt")
            await (session.isSaying ? null : told) // what is being said may wait for this message
        }
    }

    async requested(messages) {
        const id = messages.at(-1)?.info.sessionID
        if (id) {
            (await this.find(id)).takeRequest(new Set(messages.map((message) => message.info.id)))
        }
    }

    /** The model is asked. Nothing waits for the mesh here. */
    async asked(id, agent) {
        const session = await this.find(id)
        this.#stir(session)
        if (agent === (session.manner.agent ?? agent) && session.isAsked()) {
            this.#tell(session, "model.call")
        }
    }

    async answered(id) {
        await this.#tell(await this.find(id), "text")
    }

    async toolStarts(id, tool, args) {
        const session = await this.find(id)
        this.#stir(session)
        await session.settled()
        const asked = this.#tool.ask(this.#event(session, "tool.before", tool, args), { holds: true })
        session.held.add(asked)
        const answer = await asked.answer
        const isGivenUp = !session.held.delete(asked)
        await this.#act(session, answer)
        if (isGivenUp || answer.deny) {
            throw new Denied(isGivenUp ? "the session was stopped while this tool was held" : answer.deny)
        }
    }

    async toolEnds(id, tool) {
        await this.#tell(await this.find(id), "tool.after", tool)
    }

    async happened({ type, properties }) {
        const id = properties?.sessionID ?? properties?.info?.id
        switch (type) {
            case "session.created":
                await this.find(id, properties.info)
                break
            case "session.idle":
                await this.#rest(await this.find(id), "idle")
                break
            case "session.error":
                if (id && this.#known.has(id)) {
                    await this.#rest(await this.find(id), "error")
                }

                break
            case "permission.asked":
            case "permission.updated":
            case "question.asked":
                await this.#tell(await this.find(id), "permission")
                break
            case "session.deleted":
                if (this.#known.has(id)) {
                    await this.#end(await this.find(id))
                }

                break
        }
    }

    /** opencode ends. */
    async ended() {
        const sessions = await Promise.all(this.#known.values())
        let bound
        await Promise.race([
            Promise.all(sessions.filter((session) => !session.parent).map((session) => this.#end(session))),
            new Promise((resolve) => (bound = setTimeout(resolve, MOST_AT_END))),
        ])
        clearTimeout(bound)
    }

    async #end(session) {
        this.#known.delete(session.id)
        session.isOver = true
        this.#stir(session)
        this.#giveUp(session)
        await this.#tell(session, session.parent ? "subagent.idle" : "session.end")
    }

    /** The session does nothing by itself any more. */
    async #rest(session, how) {
        session.isBusy = false
        this.#giveUp(session)
        if (session.parent) {
            if (how === "idle") {
                await this.#tell(session, "subagent.idle")
            }

            return
        }

        await this.#tell(session, `session.${how}`)
        if (!session.isBusy && !session.isOver && !session.waiting) {
            this.#wait(session)
        }
    }

    /** The session does something. */
    #stir(session) {
        session.isBusy = true
        session.waiting?.end()
        session.waiting = null
    }

    #giveUp(session) {
        for (const asked of session.held) {
            session.held.delete(asked)
            asked.end()
        }
    }

    #wait(session) {
        const waiting = this.#tool.wait(this.#event(session, "session.idle"))
        session.waiting = waiting
        waiting.answer.then(async ({ tell, receipt }) => {
            if (session.waiting === waiting) {
                session.waiting = null
            }

            if (tell) {
                this.#stir(session)
                await this.#tell(session, "prompt")
                if (!await this.#say(session, tell, receipt, { answers: true })) {
                    this.#restAgain(session)
                }
            }
        }).catch(() => {})
    }

    /** No turn has begun. The words are tried again by and by, unless somebody else begins one. */
    #restAgain(session) {
        session.isBusy = false
        setTimeout(() => {
            if (!session.isBusy && !session.isOver && !session.waiting) {
                this.#rest(session, "idle").catch(() => {})
            }
        }, AGAIN).unref()
    }

    async #tell(session, name, tool) {
        await this.#act(session, await session.inOrder(() => this.#ask(session, name, tool)))
    }

    #ask(session, name, tool) {
        return this.#tool.ask(this.#event(session, name, tool)).answer
    }

    #event(session, name, tool, args) {
        return {
            hook_event_name: name,
            session_id: session.root.id,
            ...(session.parent ? { agent_id: session.id, agent_type: session.manner.agent ?? session.agent } : {}),
            ...(session.parent?.parent ? { parent_agent_id: session.parent.id } : {}),
            ...(tool ? { tool_name: tool } : {}),
            ...(args && this.#tool.withDetail ? { tool_input: args } : {}),
            cwd: session.directory ?? this.#directory,
        }
    }

    async #act(session, { tell, receipt, end, systemMessage }) {
        if (typeof tell === "string") {
            await this.#say(session, tell, receipt)
        }

        if (end === true) {
            this.#client.session.abort({ path: { id: session.id } }).catch(() => {})
        }

        if (typeof systemMessage === "string") {
            this.#client.tui?.showToast({ body: { message: systemMessage, variant: "warning" } }).catch(() => {})
        }
    }

    /**
     * Words into a session: a message of a user, which the next request of a turn under way has; at rest it begins a turn. The mesh is told
     * once opencode has taken it, and before that request. What opencode refuses stays with the mesh. Returns whether it was taken.
     */
    #say(session, words, receipt, { answers = false } = {}) {
        return session.inOrder(async () => {
            session.says(words)
            const body = { ...session.manner, noReply: !answers, parts: [{ type: "text", text: words }] }
            const call = { path: { id: session.id }, body }
            const isTaken = await bounded(this.#send(call, answers)).catch(() => false)
            if (!isTaken) {
                session.saidInVain(words)
            } else if (receipt !== undefined) {
                await this.#tool.ask({ hook_event_name: WRITTEN, session_id: session.root.id, receipt }).answer
            }

            return isTaken
        })
    }

    async #send(call, answers) {
        const { session: to } = this.#client
        const answer = await (answers ? to.promptAsync(call) : to.prompt(call))
        return !answer?.error
    }
}

/** The value of a promise, unless it takes too long. */
function bounded(promise) {
    let bound
    const late = new Promise((_, reject) => (bound = setTimeout(() => reject(new Error("no answer in time")), MOST_TO_SAY)))
    return Promise.race([promise, late]).finally(() => clearTimeout(bound))
}
