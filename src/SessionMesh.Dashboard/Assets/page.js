// What only a browser can do: keep things in the tab, tell whether it is seen, and paint the mosaic. It decides nothing.

const kept = 'session-mesh.';

// The connection. A server that was away and knows this page takes it on as it is. One that has been started anew does not, and the page
// begins anew: what the tab keeps, and the address, make it what it was. Nobody has to press anything.
const away = document.getElementById('components-reconnect-modal');
away?.addEventListener('components-reconnect-state-changed', event => {
    if (event.detail.state === 'rejected') {
        location.reload();
    } else if (event.detail.state === 'failed') {
        tryAgain();
    }
});

// Where several servers share the work, a tab's requests may reach any of them, and a connection that is one request alone needs no other.
if (document.querySelector('script[autostart="false"]')) {
    const webSockets = 1;
    Blazor.start({
        circuit: {
            configureSignalR: builder => builder.withUrl('_blazor', { skipNegotiation: true, transport: webSockets }),
        },
    }).catch(() => document.getElementById('no-socket').hidden = false);
}

async function tryAgain() {
    try {
        if (await Blazor.reconnect()) {
            return;
        }
        location.reload(); // it is there, and does not know this page
    } catch {
        setTimeout(tryAgain, 3000);
    }
}

/** Tells the page whether the tab is seen, now and whenever that changes. */
export function begin(page) {
    const tell = () => page.invokeMethodAsync('SetVisible', !document.hidden).catch(() => {});
    document.addEventListener('visibilitychange', tell);
    if (document.hidden) {
        tell();
    }

    // After a press the server is asked for a sign of life: a line that hangs is not known to be broken for half a minute.
    const waiting = document.getElementById('waiting');
    const ask = () => {
        const late = setTimeout(() => {
            waiting.showPopover();
            ask();
        }, 2000);
        page.invokeMethodAsync('SetVisible', !document.hidden).then(() => {
            clearTimeout(late);
            waiting.hidePopover();
        }).catch(() => {});
    };
    document.addEventListener('click', event => event.target.closest?.('button') && !waiting.matches(':popover-open') && ask());
}

/** What the tab keeps under a name; null for nothing. */
export function keptOf(name) {
    return sessionStorage.getItem(kept + name);
}
export { keptOf as kept };

/** Keeps a text for this tab alone; null forgets it. */
export function keep(name, text) {
    if (text === null || text === undefined) {
        sessionStorage.removeItem(kept + name);
    } else {
        sessionStorage.setItem(kept + name, text);
    }
}

// What is half typed in a form that says so is kept with every key: the connection may go before the server has heard of it.
document.addEventListener('input', event => {
    const form = event.target.closest?.('form[data-keep]');
    if (form) {
        const fields = Object.fromEntries(new FormData(form));
        keep(form.dataset.keep, JSON.stringify({ Ids: JSON.parse(form.dataset.ids), ...fields }));
    }
});

/** Forgets all that the tab keeps. */
export function forget() {
    Object.keys(sessionStorage).filter(name => name.startsWith(kept)).forEach(name => sessionStorage.removeItem(name));
}

/** The one-time code that the address ends with, which never goes to a server by itself; null for none. It is taken out of the address. */
export function takeCode() {
    const code = /^#code=([0-9a-f]{1,64})$/.exec(location.hash);
    if (!code) {
        return null;
    }
    history.replaceState(history.state, '', location.pathname + location.search);
    return code[1];
}

export function focus(id) {
    document.getElementById(id)?.focus();
}

// A drawer has the focus while it is open; then it goes back to where it came from.
let opener = null;

export function enterDrawer(title) {
    const from = document.activeElement;
    if (from && from !== document.body && !from.closest('.drawer')) {
        opener = from;
    }
    title?.focus();
}

export function leaveDrawer() {
    const at = document.activeElement;
    if (at === document.body || at?.closest('.drawer')) { // gone or about to go; else the person is somewhere already
        (opener?.isConnected ? opener : document.getElementById('main'))?.focus();
    }
    opener = null;
}

export function showModal(dialog) {
    if (!dialog || dialog.open) {
        return;
    }
    const from = document.activeElement;
    dialog.showModal();

    // A dialog that is taken away, instead of closed, does not give the focus back by itself.
    const watch = new MutationObserver(() => {
        if (!dialog.isConnected) {
            watch.disconnect();
            if (document.activeElement === document.body) {
                from?.focus();
            }
        }
    });
    watch.observe(document.body, { subtree: true, childList: true });
}

// Nothing can be pressed below an open dialog: one that nobody answers for any more must not be in the way of what says so.
new MutationObserver(() => document.querySelectorAll('dialog[open]').forEach(dialog => dialog.close()))
    .observe(document.getElementById('blazor-error-ui'), { attributeFilter: ['style'] });

// A long table holds the rows around those that are seen. It hears which those are once they are so many rows further, or another number.
export function beginRows(box, page, rem, step) {
    const height = () => rem * parseFloat(getComputedStyle(document.documentElement).fontSize);
    let told = { first: 0, count: 0 };
    let asked = false;
    const look = () => {
        asked = false;
        const first = Math.floor(box.scrollTop / height());
        const count = Math.ceil(box.clientHeight / height());
        if (Math.abs(first - told.first) >= step || first === 0 && told.first !== 0 || count !== told.count) {
            told = { first, count };
            page.invokeMethodAsync('MoveTo', first, count).catch(() => {});
        }
    };
    const plan = () => {
        if (!asked) {
            asked = true;
            requestAnimationFrame(look);
        }
    };
    box.addEventListener('scroll', plan, { passive: true });
    new ResizeObserver(plan).observe(box);

    // The grid counts the rows that it has. For whoever hears them they are numbered in the whole table.
    const number = () => {
        const left = Math.round(box.firstElementChild.offsetHeight / height());
        box.querySelectorAll('tbody tr').forEach((row, at) => {
            const index = String(left + at + 2);
            if (row.getAttribute('aria-rowindex') !== index) {
                row.setAttribute('aria-rowindex', index);
            }
        });
    };
    new MutationObserver(number).observe(box, { subtree: true, childList: true, attributeFilter: ['aria-rowindex', 'style'] });
}

export function scrollToTop(box) {
    if (box) {
        box.scrollTop = 0;
    }
}

// The mosaic. For each canvas: what to paint, and whom to tell of the pointer.
const mosaics = new WeakMap();

export function beginMosaic(canvas, page, shapes, marks) {
    const state = { page, marks, shapes: shapes.map(shape => new Path2D(shape)), cells: new Uint8Array(), blocks: [], names: [], cell: 0 };
    mosaics.set(canvas, state);
    const measure = () => {
        const width = canvas.parentElement.clientWidth;
        const height = Math.max(240, Math.round(window.innerHeight * 0.55));
        page.invokeMethodAsync('Resize', width, height).catch(() => {});
    };
    state.observer = new ResizeObserver(() => {
        if (canvas.parentElement.clientWidth !== state.measured) {
            state.measured = canvas.parentElement.clientWidth;
            measure();
        }
    });
    state.observer.observe(canvas.parentElement);
    state.scheme = matchMedia('(prefers-color-scheme: dark)');
    state.repaint = () => paintAll(canvas, state);
    state.scheme.addEventListener('change', state.repaint);
    let resting;
    canvas.addEventListener('pointermove', event => {
        clearTimeout(resting);
        resting = setTimeout(() => page.invokeMethodAsync('Hover', event.offsetX, event.offsetY).catch(() => {}), 60);
    });
    canvas.addEventListener('pointerleave', () => {
        clearTimeout(resting);
        page.invokeMethodAsync('Hover', -1, -1).catch(() => {});
    });
    canvas.addEventListener('click', event => page.invokeMethodAsync('Open', event.offsetX, event.offsetY).catch(() => {}));
}

export function endMosaic(canvas) {
    const state = canvas && mosaics.get(canvas);
    if (state) {
        state.observer.disconnect();
        state.scheme.removeEventListener('change', state.repaint);
        mosaics.delete(canvas);
    }
}

/** Paints everything: two bytes a cell, its mark and its load. */
export function paint(canvas, cell, height, blocks, cells, names) {
    const state = mosaics.get(canvas);
    if (!state) {
        return;
    }
    Object.assign(state, { cell, height, blocks, cells: Uint8Array.from(cells), names });
    paintAll(canvas, state);
}

/** Paints cells that changed: six bytes each, its number, its mark and its load. */
export function paintChanges(canvas, changes) {
    const state = mosaics.get(canvas);
    if (!state) {
        return;
    }
    const pen = canvas.getContext('2d');
    const colours = coloursOf(canvas, state);
    const view = new DataView(changes.buffer, changes.byteOffset, changes.byteLength);
    for (let at = 0; at < changes.byteLength; at += 6) {
        const index = view.getUint32(at, true);
        state.cells[index * 2] = changes[at + 4];
        state.cells[index * 2 + 1] = changes[at + 5];
        const block = blockOf(state, index);
        if (block) {
            paintCell(pen, state, colours, block, index, true);
        }
    }
}

function blockOf(state, index) {
    let low = 0;
    let high = state.blocks.length - 1;
    while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (state.blocks[middle].first <= index) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return state.blocks[low];
}

function coloursOf(canvas, state) {
    const style = getComputedStyle(canvas);
    return {
        marks: state.marks.map(mark => style.getPropertyValue('--mark-' + mark).trim()),
        ink: style.getPropertyValue('--ink').trim(),
        dim: style.getPropertyValue('--dim').trim(),
        paper: style.getPropertyValue('--card').trim(),
    };
}

function paintAll(canvas, state) {
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.parentElement.clientWidth;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round((state.height || 0) * ratio);
    canvas.setAttribute('height', canvas.height);
    const pen = canvas.getContext('2d');
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const colours = coloursOf(canvas, state);
    pen.fillStyle = colours.paper;
    pen.fillRect(0, 0, width, state.height);
    pen.font = '12px system-ui, sans-serif';
    pen.textBaseline = 'alphabetic';
    for (const block of state.blocks) {
        pen.fillStyle = colours.dim;
        const room = Math.max(block.columns * state.cell, 96);
        pen.fillText(fit(pen, `${block.name} ${block.count}`, room), block.x, block.y - 5);
        for (let index = block.first; index < block.first + block.count; index++) {
            paintCell(pen, state, colours, block, index, false);
        }
    }
}

function paintCell(pen, state, colours, block, index, clears) {
    const at = index - block.first;
    const side = state.cell;
    const x = block.x + (at % block.columns) * side;
    const y = block.y + Math.floor(at / block.columns) * side;
    if (clears) {
        pen.fillStyle = colours.paper;
        pen.fillRect(x, y, side, side);
    }
    const mark = state.cells[index * 2];
    const load = state.cells[index * 2 + 1];
    const named = state.names.length > 0;
    const most = (named ? side - 22 : side) * (side < 6 ? 1 : 0.9);
    // The area is the load: a quarter of the cell for none, or an unknown one, all of it for a full one.
    const size = most * Math.sqrt(0.25 + 0.75 * (load === 255 ? 0.25 : load / 254));
    pen.fillStyle = colours.marks[mark];
    if (side < 6) {
        pen.fillRect(x, y, Math.max(1, side - (side >= 3 ? 1 : 0)), Math.max(1, side - (side >= 3 ? 1 : 0)));
        return;
    }
    pen.save();
    pen.translate(x + side / 2 - size / 2, y + (named ? (side - 16) / 2 : side / 2) - size / 2);
    pen.scale(size / 12, size / 12);
    pen.fill(state.shapes[mark], 'evenodd');
    pen.restore();
    if (named) {
        pen.fillStyle = colours.ink;
        pen.font = '11px system-ui, sans-serif';
        const name = fit(pen, state.names[index], side - 4);
        pen.fillText(name, x + (side - pen.measureText(name).width) / 2, y + side - 4);
    }
}

function fit(pen, text, width) {
    if (pen.measureText(text).width <= width) {
        return text;
    }
    let length = text.length;
    while (length > 1 && pen.measureText(text.slice(0, length) + '…').width > width) {
        length--;
    }
    return text.slice(0, length) + '…';
}
