// The parts that every screen is made of.
import {html, signal, useState, useEffect, useLayoutEffect, useMemo, useRef, useId, useValue} from './lib.js';
import {now} from './live.js';
import {relative, time, none, shortId} from './format.js';

const STATES = {
  queued: ['Queued', '○'], scheduled: ['Scheduled', '◷'], running: ['Running', '◐'], waiting: ['Waiting', '↻'],
  succeeded: ['Succeeded', '✓'], 'dead-lettered': ['Dead-lettered', '✕'], cancelled: ['Cancelled', '⊘'], expired: ['Expired', '⊗'],
};

export const STATE_NAMES = Object.keys(STATES);
export const stateText = state => STATES[state]?.[0] || String(state);

/** Colour, sign and word say the same. */
export function State({state}) {
  const [text, sign] = STATES[state] || [String(state), '•'];
  return html`<span class=${`badge s-${STATES[state] ? state : 'unknown'}`}><span class="sign" aria-hidden="true">${sign}</span>${text}</span>`;
}

export function Badge({tone = 'plain', sign, children}) {
  return html`<span class=${`badge t-${tone}`}>${sign && html`<span class="sign" aria-hidden="true">${sign}</span>`}${children}</span>`;
}

export function Code({code}) {
  return html`<code class="code-badge">${code}</code>`;
}

/** A time as "12 s ago", exact on hover. */
export function Ago({at}) {
  const t = useValue(now);
  return at ? html`<time datetime=${at} title=${time(at)}>${relative(at, t)}</time>` : none;
}

export function Page({title, count, children, actions, fill, note}) {
  useEffect(() => {
    document.title = `${title} · Penstock`;
  }, [title]);
  return html`<div class=${fill ? 'page fill' : 'page'}>
    <header class="page-head">
      <h1 id="page-title" tabindex="-1">${title}${count != null && html` <span class="count">${count}</span>`}</h1>
      ${note && html`<p class="page-note">${note}</p>`}
      <div class="actions">${actions}</div>
    </header>
    ${children}
  </div>`;
}

export function Card({title, extra, children, className = '', label}) {
  const id = useId();
  return html`<section class=${`card ${className}`} aria-labelledby=${title ? id : undefined} aria-label=${label}>
    ${title && html`<header class="card-head"><h2 id=${id}>${title}</h2>${extra && html`<div class="extra">${extra}</div>`}</header>`}
    ${children}
  </section>`;
}

/** Takes the place of what is being read, so that nothing jumps. */
export function Skeleton({rows = 3, height}) {
  return html`<div class="skeleton" style=${height ? {height: `${height}px`} : undefined} role="status" aria-label="Loading">
    ${height ? html`<i class="block"></i>` : Array.from({length: rows}, (_, i) => html`<i key=${i} class=${`w${i % 3}`}></i>`)}
  </div>`;
}

export function Failed({problem, reload, what = 'This'}) {
  if (!problem) return null;
  const title = problem.status === 404 ? `${what} is not there yet`
    : problem.status === 0 ? 'The server does not answer'
      : problem.status === 503 ? 'Not ready yet' : `${what} can’t be shown`;
  return html`<div class="notice failed" role="status">
    <p class="notice-title">${title}</p>
    <p>${problem.message}</p>
    <p class="soft">${problem.advice}</p>
    ${reload && html`<button class="button small" onClick=${reload}>Try again</button>`}
  </div>`;
}

/** What was read last is still shown; this says so. */
export function Stale({problem}) {
  return problem ? html`<p class="stale" role="status">Not up to date: ${problem.message}</p>` : null;
}

export function Empty({title, children, command}) {
  return html`<div class="notice empty">
    <p class="notice-title">${title}</p>
    ${children && html`<p class="soft">${children}</p>`}
    ${command && html`<${Command} text=${command}/>`}
  </div>`;
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast('Copied');
  } catch {
    toast('The browser does not let the page copy; select the text instead', 'warn');
  }
}

export function Copy({text, label = 'Copy'}) {
  return html`<button type="button" class="icon-button" aria-label=${label} title=${label} onClick=${() => copy(text)}>
    <svg viewBox="0 0 16 16" aria-hidden="true"><rect x="5" y="5" width="8" height="9" rx="1.5"/><path d="M3 11V3.5C3 2.7 3.7 2 4.5 2H10"/></svg>
  </button>`;
}

export function Command({text}) {
  return html`<div class="command"><code>${text}</code><${Copy} text=${text} label="Copy the command"/></div>`;
}

export function Id({id, full}) {
  return html`<span class="id" title=${id}>${full ? id : shortId(id)}</span>`;
}

export function Sparkline({values, label, tone = 'accent'}) {
  const w = 120;
  const h = 28;
  const known = (values || []).map(v => (v == null ? 0 : v));
  if (known.length < 2) return html`<svg class="spark" viewBox=${`0 0 ${w} ${h}`} aria-hidden="true"></svg>`;
  const top = Math.max(...known, 1e-9);
  const points = known.map((v, i) =>
    `${((i / (known.length - 1)) * w).toFixed(1)},${(h - 2 - (v / top) * (h - 5)).toFixed(1)}`).join(' ');
  return html`<svg class=${`spark k-${tone}`} viewBox=${`0 0 ${w} ${h}`} preserveAspectRatio="none" role="img" aria-label=${label}>
    <polygon points=${`0,${h} ${points} ${w},${h}`}/><polyline points=${points}/>
  </svg>`;
}

export function Meter({value, max, label, tone}) {
  const share = max > 0 ? Math.max(0, Math.min(1, value / max)) : 0;
  const auto = share >= 0.98 ? 'bad' : share >= 0.8 ? 'warn' : 'ok';
  return html`<div class=${`meter m-${tone || auto}`} role="meter" aria-valuenow=${value} aria-valuemin="0" aria-valuemax=${max} aria-label=${label}>
    <i style=${{width: `${(share * 100).toFixed(1)}%`}}></i>
  </div>`;
}

export function Facts({facts}) {
  return html`<dl class="facts">${facts.filter(Boolean).map(([name, value]) =>
    html`<div key=${name}><dt>${name}</dt><dd>${value == null || value === '' ? none : value}</dd></div>`)}</dl>`;
}

/** A modal dialog; the browser keeps the focus inside and gives it back. */
export function Dialog({title, onClose, children, wide}) {
  const ref = useRef(null);
  const id = useId();
  useLayoutEffect(() => {
    const before = document.activeElement;
    ref.current.showModal();
    return () => before?.focus?.();
  }, []);
  return html`<dialog ref=${ref} class=${wide ? 'dialog wide' : 'dialog'} aria-labelledby=${id}
      onCancel=${e => {
        e.preventDefault();
        onClose();
      }}
      onClick=${e => e.target === ref.current && onClose()}>
    <div class="dialog-body">
      <header class="dialog-head"><h2 id=${id}>${title}</h2>
        <button type="button" class="icon-button" aria-label="Close" onClick=${onClose}><svg viewBox="0 0 16 16" aria-hidden="true"><path d="M4 4l8 8M12 4l-8 8"/></svg></button>
      </header>
      ${children}
    </div>
  </dialog>`;
}

/** Asks before something is done. `run` may take long; what it throws is shown. */
export function Confirm({title, children, action, danger, run, onClose}) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const go = async event => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await run();
      onClose();
    } catch (e) {
      setProblem(e);
      setBusy(false);
    }
  };
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <form onSubmit=${go}>
      <div class="dialog-text">${children}</div>
      ${problem && html`<p class="field-error" role="alert">${problem.message}</p>`}
      <footer class="dialog-foot">
        <button type="button" class="button" onClick=${onClose}>Back</button>
        <button type="submit" class=${`button ${danger ? 'danger' : 'primary'}`} disabled=${busy} autofocus>${busy ? 'Working…' : action}</button>
      </footer>
    </form>
  </${Dialog}>`;
}

const toasts = signal([]);
let toastId = 0;

export function toast(text, tone = 'ok') {
  const id = ++toastId;
  toasts.value = [...toasts.peek().slice(-3), {id, text, tone}];
  setTimeout(() => {
    toasts.value = toasts.peek().filter(t => t.id !== id);
  }, 6000);
}

export function Toasts() {
  const list = useValue(toasts);
  return html`<div class="toasts" role="status" aria-live="polite">
    ${list.map(t => html`<div key=${t.id} class=${`toast t-${t.tone}`}>${t.text}</div>`)}
  </div>`;
}

/** JSON or text, as text. What is long is cut until it is asked for. */
export function Source({value, limit = 20_000, label}) {
  const [all, setAll] = useState(false);
  const text = useMemo(() => (typeof value === 'string' ? value : JSON.stringify(value, null, 2)), [value]);
  const cut = !all && text.length > limit;
  return html`<div class="source">
    <${Copy} text=${text} label=${`Copy ${label || 'the text'}`}/>
    <pre tabindex="0" aria-label=${label}>${cut ? text.slice(0, limit) : text}</pre>
    ${cut && html`<button class="button small" onClick=${() => setAll(true)}>Show all ${text.length.toLocaleString('en')} characters</button>`}
  </div>`;
}
