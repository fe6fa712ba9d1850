/** A session of opencode: a main one, or that of a sub-agent. */
export class Session {
    /** Words on their way into it, so that its own message is known when it comes. */
    #saying = []

    /** Messages of ours that no request has had yet. */
    #unasked = new Set()

    /** Whether the request that is being made has all of them. */
    #hasAll = true

    #order = Promise.resolve()

    /** Tool calls that the mesh holds. */
    held = new Set()

    /** Who waits for words while it is at rest. */
    waiting = null

    /** What the last message of a user was for: a message without it would change the agent or the model. */
    manner = {}

    isBusy = false
    isOver = false

    constructor(id, parent, { directory, agent } = {}) {
        Object.assign(this, { id, parent, directory, agent })
    }

    get root() {
        return this.parent ? this.parent.root : this
    }

    /** One event after the other. */
    inOrder(act) {
        const done = this.#order.then(act)
        this.#order = done.then(() => {}, () => {})
        return done
    }

    /** What was sent before is answered. */
    settled() {
        return this.#order
    }

    get isSaying() {
        return this.#saying.length > 0
    }

    says(words) {
        this.#saying.push(words)
    }

    saidInVain(words) {
        this.#saying = this.#saying.filter((one) => one !== words)
    }

    /** Takes a message of a user. Returns whether it is one of ours. */
    takeMessage({ id, agent, model, variant, system, tools }, parts) {
        this.manner = Object.fromEntries(
            Object.entries({ agent, model, variant: variant ?? model?.variant, system, tools }).filter(([, value]) => value !== undefined),
        )
        const text = parts?.[0]?.text
        if (!this.#saying.includes(text)) {
            return false
        }

        this.saidInVain(text)
        this.#unasked.add(id)
        this.#hasAll = false
        return true
    }

    /** A request is made of these messages. */
    takeRequest(ids) {
        this.#hasAll = [...this.#unasked].every((id) => ids.has(id))
    }

    /** The model is asked now. Returns whether all that was said is in it. */
    isAsked() {
        if (this.#hasAll) {
            this.#unasked.clear()
        }

        return this.#hasAll
    }
}
