// Entries of the audit: who did what, when.
import {html, useState} from './lib.js';
import {Ago, Copy, Source} from './ui.js';
import {time} from './format.js';

const DEEDS = {create: 'planned it', created: 'planned it', draft: 'selected; the preview is made', confirm: 'confirmed', pause: 'paused', resume: 'resumed', 'go-on': 'went on with the rest', abort: 'aborted', undo: 'undid', done: 'all is done', 'canary-report': 'the canary has ended', aborted: 'all that was begun has ended: aborted', undone: 'all that was begun has ended: undone'};

/** `plan`: whether each says of which plan it is. */
export function Entries({entries, plan = true}) {
  const [open, setOpen] = useState(null);
  if (!entries.length) return html`<p class="soft pad">Nothing yet.</p>`;
  return html`<table class="table groups audit"><thead><tr><th>Who</th><th>Did</th>${plan && html`<th class="hide-narrow">Plan</th>`}<th class="hide-middle">State</th><th class="hide-middle">Hash</th><th class="num">When</th></tr></thead>
    ${entries.map(e => {
      const isOpen = open === e.sequence;
      return html`<tbody key=${e.sequence}><tr class=${isOpen ? 'open' : ''}>
        <td><button class="disclosure" aria-expanded=${isOpen ? 'true' : 'false'} aria-label=${`Entry ${e.sequence} by ${e.who}`} onClick=${() => setOpen(isOpen ? null : e.sequence)}><span class="caret" aria-hidden="true">›</span><span class="wrap">${e.who}</span></button></td>
        <td>${DEEDS[e.did] || e.did}</td>${plan && html`<td class="hide-narrow">${e.plan ? html`<a href=${`/dead-letters/plans/${e.plan}`}>${e.detail?.name || e.plan}</a>` : ''}</td>`}
        <td class="hide-middle">${e.detail?.state || ''}</td><td class="hide-middle"><code title=${e.hash}>${e.hash.slice(0, 10)}…</code></td><td class="num nowrap"><${Ago} at=${e.at}/></td></tr>
        ${isOpen && html`<tr class="detail"><td colspan="6"><p>Entry ${e.sequence}, ${time(e.at)}</p>${e.plan && html`<p><a href=${`/dead-letters/plans/${e.plan}`}>${e.plan}</a></p>`}<p class="soft hash">Hash <code>${e.hash}</code><${Copy} text=${e.hash} label="Copy the hash"/></p><p class="soft hash">The one before <code>${e.previousHash}</code></p>
          ${e.detail && html`<${Source} value=${e.detail} label="the plan as it was then"/>`}</td></tr>`}</tbody>`;
    })}</table>`;
}
