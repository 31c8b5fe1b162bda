// The workers: what they run, which are stuck, and draining them.
import {html, useEffect, useState, useValue} from '../lib.js';
import {now, useResource} from '../live.js';
import {send} from '../api.js';
import {Page, Card, Badge, Ago, Failed, Empty, Skeleton, Stale, Meter, Facts, Confirm, Id, toast} from '../ui.js';
import {bind} from '../keys.js';
import {exact, plural, duration, instant, none} from '../format.js';

const STATES = {running: ['ok', '●', 'Running'], draining: ['warn', '◒', 'Draining'], drained: ['plain', '○', 'Drained'], stopped: ['plain', '■', 'Stopped'], silent: ['bad', '!', 'Silent']};

function Calls({calls, busy}) {
  const t = useValue(now);
  if (!calls?.length) return html`<p class="soft">It makes no call now.</p>`;
  return html`<div class="scroll-x"><table class="table"><thead><tr><th>Job</th><th>Model</th><th>Provider</th><th class="num">Attempt</th><th class="num">For</th><th></th></tr></thead>
    <tbody>${calls.map(c => html`<tr key=${`${c.jobId}/${c.attempt}`}><td><a href=${`/jobs/${c.jobId}`}><${Id} id=${c.jobId}/></a></td><td>${c.model}</td><td>${c.provider || none}</td>
      <td class="num">${c.attempt}</td><td class="num">${duration(Math.max(0, t - instant(c.startedAt)))}</td><td>${c.stuck ? html`<${Badge} tone="bad" sign="!">Stuck</${Badge}>` : ''}</td></tr>`)}</tbody></table></div>
    ${busy > calls.length && html`<p class="soft">The ${calls.length} that run longest, of ${exact(busy)}.</p>`}`;
}

function Worker({worker, current, index, ask}) {
  const [tone, sign, text] = STATES[worker.state] || ['plain', '•', worker.state];
  const [open, setOpen] = useState(false);
  const topics = {};
  for (const p of worker.partitions || []) (topics[p.topic] ||= []).push(p.partition);
  const alive = worker.state === 'running' || worker.state === 'draining' || worker.state === 'drained';
  return html`<section class=${`card worker${current ? ' current' : ''}`} id=${`worker-${index}`} aria-label=${`Worker ${worker.id}`}>
    <div class="worker-head">
      <h2>${worker.id}</h2><${Badge} tone=${tone} sign=${sign}>${text}</${Badge}>
      ${worker.stuck > 0 && html`<${Badge} tone="bad" sign="!">${plural(worker.stuck, 'stuck call')}</${Badge}>`}
      <span class="grow"></span>
      ${worker.state === 'running' && html`<button class="button small" onClick=${() => ask(worker, 'drain')}>Drain…</button>`}
      ${(worker.state === 'draining' || worker.state === 'drained') && html`<button class="button small" onClick=${() => ask(worker, 'resume')}>Resume…</button>`}
    </div>
    ${worker.reason && html`<p class="soft">${worker.reason}</p>`}
    <div class="slots"><span>${exact(worker.busy)} of ${plural(worker.slots, 'slot')} busy</span><${Meter} value=${worker.busy || 0} max=${worker.slots || 0} tone=${alive ? 'plain' : 'mute'} label="Slots in use"/></div>
    <${Facts} facts=${[['Version', worker.version], ['Host', worker.host], ['Started', html`<${Ago} at=${worker.startedAt}/>`], ['Last report', html`<${Ago} at=${worker.reportedAt}/>`],
      ['Partitions', (worker.partitions || []).length ? Object.entries(topics).map(([t, ps]) => `${t} ${ps.sort((a, b) => a - b).join(', ')}`).join('; ') : none]]}/>
    <details open=${open} onToggle=${e => setOpen(e.currentTarget.open)}><summary>${plural((worker.calls || []).length, 'running call')}</summary>${open && html`<${Calls} calls=${worker.calls} busy=${worker.busy}/>`}</details>
  </section>`;
}

export function Workers() {
  const workers = useResource('/v1/workers', {every: 2_000});
  const [asked, setAsked] = useState(null);
  const [cursor, setCursor] = useState(-1);
  const rank = w => ['silent', 'draining', 'running', 'drained', 'stopped'].indexOf(w.state);
  const list = [...(workers.data?.workers || [])].sort((a, b) => rank(a) - rank(b) || (b.stuck || 0) - (a.stuck || 0) || a.id.localeCompare(b.id));
  useEffect(() => bind({
    j: () => setCursor(c => Math.min(list.length - 1, c + 1)),
    k: () => setCursor(c => Math.max(0, c - 1)),
    Enter: event => {
      const details = document.querySelector(`#worker-${cursor} details`);
      if (event.target.closest('button, a, summary') || !details) return false;
      details.open = !details.open;
      return true;
    },
    r: workers.reload,
  }), [list.length, cursor]);
  useEffect(() => {
    if (cursor >= 0) document.getElementById(`worker-${cursor}`)?.scrollIntoView({block: 'nearest'});
  }, [cursor]);
  const alive = list.filter(w => w.state === 'running' || w.state === 'draining');
  const busy = alive.reduce((sum, w) => sum + (w.busy || 0), 0);
  const slots = alive.reduce((sum, w) => sum + (w.slots || 0), 0);
  const drain = asked?.action === 'drain';
  return html`<${Page} title="Workers" count=${workers.data ? exact(list.length) : null} note=${workers.data && list.length ? `${exact(busy)} of ${exact(slots)} slots busy` : null}>
    <${Stale} problem=${workers.data && workers.problem}/>
    ${workers.loading ? html`<${Card} label="Workers"><${Skeleton} rows=${6}/></${Card}>`
      : !workers.data ? html`<${Card} label="Workers"><${Failed} problem=${workers.problem} what="The list of workers" reload=${workers.reload}/></${Card}>`
        : !list.length ? html`<${Card} label="Workers"><${Empty} title="No worker has reported" command="./penstock worker --bootstrap HOST:9092">Jobs wait until one runs. Standalone has one of its own; else start one:</${Empty}></${Card}>`
          : html`<div class="cards">${list.map((w, i) => html`<${Worker} key=${w.id} worker=${w} index=${i} current=${i === cursor} ask=${(worker, action) => setAsked({worker, action})}/>`)}</div>`}
    ${asked && html`<${Confirm} title=${drain ? `Drain ${asked.worker.id}?` : `Resume ${asked.worker.id}?`} action=${drain ? 'Drain' : 'Resume'} onClose=${() => setAsked(null)}
      run=${async () => {
        await send('POST', `/v1/workers/${encodeURIComponent(asked.worker.id)}/${asked.action}`);
        toast(drain ? 'Asked to drain' : 'Asked to resume');
        workers.reload();
      }}><p>${drain ? `It takes no new jobs and finishes the ${plural(asked.worker.busy || 0, 'call')} it makes. Other workers take over its partitions.` : 'It takes jobs again.'}</p></${Confirm}>`}
  </${Page}>`;
}
