// The topics: how far they are read, and where their partitions are.
import {html, useEffect, useState, useValue} from '../lib.js';
import {useResource} from '../live.js';
import {route, setQuery} from '../router.js';
import {Page, Card, Badge, Failed, Empty, Skeleton, Stale, Meter} from '../ui.js';
import {bind} from '../keys.js';
import {exact, count, none} from '../format.js';

function Partitions({topic}) {
  const parts = topic.partitions || [];
  const worst = Math.max(1, ...parts.map(p => p.lag || 0));
  return html`<div class="scroll-x"><table class="table inner"><thead><tr><th>Partition</th><th class="num hide-narrow">First</th><th class="num">End</th><th class="num hide-narrow">Committed</th><th class="num">Lag</th><th class="lag-bar hide-narrow"></th><th class="hide-narrow">Leader</th><th class="hide-narrow">In sync</th></tr></thead>
    <tbody>${parts.map(p => html`<tr key=${p.partition}><td>${p.partition}</td><td class="num hide-narrow">${exact(p.start)}</td><td class="num">${exact(p.end)}</td><td class="num hide-narrow">${p.committed == null ? none : exact(p.committed)}</td>
      <td class="num">${p.lag == null ? none : exact(p.lag)}</td><td class="lag-bar hide-narrow">${p.lag != null && html`<${Meter} value=${p.lag} max=${worst} tone="plain" label=${`Lag of partition ${p.partition}`}/>`}</td>
      <td class="hide-narrow">${p.leader == null || p.leader < 0 ? html`<${Badge} tone="bad" sign="!">None</${Badge}>` : p.leader}</td><td class="hide-narrow">${Array.isArray(p.isr) ? p.isr.join(', ') : p.isr ?? none}</td></tr>`)}</tbody></table></div>`;
}

export function Topics() {
  const {query} = useValue(route);
  const topics = useResource('/v1/topics', {every: 5_000});
  const [cursor, setCursor] = useState(-1);
  const list = topics.data?.topics || [];
  const open = query.get('topic');
  const toggle = t => setQuery({topic: open === t.name ? null : t.name}, {replace: true});
  useEffect(() => bind({
    j: () => setCursor(c => Math.min(list.length - 1, c + 1)),
    k: () => setCursor(c => Math.max(0, c - 1)),
    Enter: event => {
      if (event.target.closest('button, a') || !list[cursor]) return false;
      toggle(list[cursor]);
      return true;
    },
    r: topics.reload,
  }), [list, cursor, open]);
  useEffect(() => {
    if (cursor >= 0) document.getElementById(`topic-${cursor}`)?.scrollIntoView({block: 'nearest'});
  }, [cursor]);
  const held = t => (t.partitions || []).reduce((sum, p) => sum + Math.max(0, (p.end || 0) - (p.start || 0)), 0);
  return html`<${Page} title="Topics" count=${topics.data ? exact(list.length) : null}>
    <${Stale} problem=${topics.data && topics.problem}/>
    <${Card} label="Topics">
      ${topics.loading ? html`<${Skeleton} rows=${10}/>` : !topics.data ? html`<${Failed} problem=${topics.problem} what="The list of topics" reload=${topics.reload}/>`
        : !list.length ? html`<${Empty} title="No topics" command="./penstock standalone --data DIR">Services make them when they start.</${Empty}>`
          : html`<div class="scroll-x"><table class="table groups"><thead><tr><th>Topic</th><th class="num hide-narrow">Partitions</th><th class="num" title="Offsets held; transaction markers count too">Held</th><th class="hide-narrow">Read by</th><th class="num">Lag</th></tr></thead>
            ${list.map((t, i) => {
              const isOpen = open === t.name;
              return html`<tbody key=${t.name}><tr id=${`topic-${i}`} class=${`group${i === cursor ? ' current' : ''}${isOpen ? ' open' : ''}`} onClick=${e => !e.target.closest('button') && toggle(t)}>
                <td><button class="disclosure" aria-expanded=${isOpen ? 'true' : 'false'} onClick=${() => toggle(t)}><span class="caret" aria-hidden="true">›</span><code>${t.name}</code></button></td>
                <td class="num hide-narrow">${exact((t.partitions || []).length)}</td><td class="num">${count(held(t))}</td><td class="hide-narrow">${t.group || none}</td><td class="num">${t.lag == null ? none : exact(t.lag)}</td></tr>
                ${isOpen && html`<tr class="detail"><td colspan="5"><${Partitions} topic=${t}/></td></tr>`}</tbody>`;
            })}</table></div>`}
    </${Card}>
  </${Page}>`;
}
