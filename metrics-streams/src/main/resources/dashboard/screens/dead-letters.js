// Dead letters, grouped by what they have in common: the reason first, then the ways out.
import {html, useEffect, useState, useValue} from '../lib.js';
import {useResource} from '../live.js';
import {route, setQuery} from '../router.js';
import {Page, Card, Code, Ago, Failed, Empty, Skeleton, Stale, Facts} from '../ui.js';
import {BulkDialog} from '../actions.js';
import {LetterFilters, Tabs, filterKey, lettersQuery, withQuery} from '../letters.js';
import {Choice} from '../filters.js';
import {bind} from '../keys.js';
import {advice} from '../advice.js';
import {exact, plural, none, timeOfDay} from '../format.js';

const BY = [['', 'By fingerprint'], ['code', 'By code'], ['provider', 'By provider'], ['model', 'By model'], ['tenant', 'By tenant'], ['kind', 'By kind'], ['age', 'By age']];
const NAMES = {code: 'Code', provider: 'Provider', model: 'Model or route', tenant: 'Tenant', kind: 'Kind', age: 'Age'};
const AGES = {'up to 1 hour': [null, 1], 'up to 1 day': [1, 24], 'up to 7 days': [24, 168], 'up to 30 days': [168, 720], 'over 30 days': [720, null]};
const HOUR = 3_600_000;
const EVERY_MS = 10_000;

/** Each reading goes through all dead letters: by itself only where these are few. */
const FEW = 50_000;

const jobsQuery = g => {
  const query = new URLSearchParams({state: 'dead-lettered', code: g.code});
  for (const name of ['model', 'provider', 'kind']) if (g[name]) query.set(name, g[name]);
  return query.toString();
};

/** The filters that lead to this group alone; null where there are none. */
function paramsOf(group, by, params) {
  const own = new URLSearchParams(params);
  if (!by) own.set('fingerprint', group.value);
  else if (by === 'age') {
    const [newest, oldest] = AGES[group.value] || [null, null];
    if (oldest) own.set('from', new Date(Date.now() - oldest * HOUR).toISOString());
    if (newest) own.set('to', new Date(Date.now() - newest * HOUR).toISOString());
  } else if (group.value) own.set(by, group.value);
  else return null;
  return own;
}

function Group({group, by, params, release}) {
  const code = by === 'code' ? group.value : group.code;
  const [means, todo] = advice(code);
  const own = paramsOf(group, by, params);
  return html`<div class="group-detail">
    ${code && html`<p>${means}</p>`}
    ${code && todo && html`<p><span class="next">Next</span> ${todo}</p>`}
    <${Facts} facts=${[['First', html`<${Ago} at=${group.firstAt}/>`], ['Last', html`<${Ago} at=${group.lastAt}/>`],
      group.model ? ['Model or route', group.model] : null, group.kind ? ['Kind', group.kind] : null,
      ['Examples', html`<span class="links">${(group.examples || []).slice(0, 5).map(l => html`<a key=${l} href=${`/dead-letters/letters/${l}`}>${l}</a>`)}</span>`]]}/>
    ${own && html`<div class="actions left">
      ${code !== 'undecodable' && html`<a class="button primary" href=${withQuery('/dead-letters/new', own)}>Replay…</a>`}
      <a class="button" href=${withQuery('/dead-letters/list', own)}>Show ${plural(group.count, 'dead letter')}</a>
      ${!by && group.code !== 'undecodable' && html`<a class="button" href=${`/jobs?${jobsQuery(group)}`}>Jobs</a>
        <button class="button" onClick=${() => release(group)}>Release ordering keys…</button>`}
      <a class="button" href=${withQuery('/dead-letters/new', `${own}&action=discard`)}>Discard…</a>
    </div>`}
  </div>`;
}

export function DeadLetters() {
  const {query} = useValue(route);
  const by = NAMES[query.get('by')] ? query.get('by') : '';
  const params = lettersQuery(query);
  const [few, setFew] = useState(true);
  const groups = useResource(withQuery('/v1/dead-letters/groups', `${by ? `by=${by}&` : ''}${params}`), {every: few ? EVERY_MS : 0, key: filterKey(query)});
  const [cursor, setCursor] = useState(-1);
  const [releasing, setReleasing] = useState(null);
  const open = query.get('group');
  const data = groups.data;
  const list = data?.groups || [];
  const keyOf = g => g.value || '(none)';
  const toggle = g => setQuery({group: open === keyOf(g) ? null : keyOf(g)}, {replace: true});
  useEffect(() => setFew(!data || data.scanned <= FEW), [data]);
  useEffect(() => setCursor(-1), [filterKey(query)]);
  useEffect(() => bind({
    j: () => setCursor(c => Math.min(list.length - 1, c + 1)),
    k: () => setCursor(c => Math.max(0, c - 1)),
    Enter: event => {
      if (event.target.closest('button, a, select') || !list[cursor]) return false;
      toggle(list[cursor]);
      return true;
    },
    r: groups.reload,
  }), [list, cursor, open]);
  useEffect(() => {
    if (cursor >= 0) document.getElementById(`group-${cursor}`)?.scrollIntoView({block: 'nearest'});
  }, [cursor]);
  const [at, setAt] = useState(0);
  useEffect(() => data && setAt(Date.now()), [data]);
  const filtered = String(params) !== '';
  const actions = html`${data?.matched > 0 && html`<a class="button primary" href=${withQuery('/dead-letters/new', params)}>Plan for all ${exact(data.matched)}…</a>
    <a class="button" href=${withQuery('/v1/dead-letters/export', params)} download>Export</a>`}`;
  return html`<${Page} title="Dead letters" count=${data ? exact(data.matched) : null} actions=${actions}>
    <${Tabs} at="/dead-letters" params=${params}/>
    <${LetterFilters} query=${query}><${Choice} name="by" label="Group" value=${by} options=${BY}/></${LetterFilters}>
    <${Stale} problem=${data && groups.problem}/>
    <${Card} label="Dead letters in groups">
      ${groups.loading ? html`<${Skeleton} rows=${8}/>` : !data ? html`<${Failed} problem=${groups.problem} what="The grouping of dead letters" reload=${groups.reload}/>`
        : !list.length ? filtered ? html`<${Empty} title="No dead letter matches">Take a filter away, or look at those that were replayed or discarded.</${Empty}>`
          : html`<${Empty} title="No dead letters" command="echo 'Call me Ishmael.' | ./penstock submit --kind generate --model simulated --max-attempts 1 --wait">Jobs that fail for good come here, grouped by why. With a simulated provider that fails (--set worker.provider.simulated.failure-rate=1) you can make one:</${Empty}>`
          : html`<div class="scroll-x"><table class="table groups"><thead><tr>${by ? html`<th>${NAMES[by]}</th>` : html`<th>Reason</th><th class="hide-narrow">Provider</th><th class="hide-narrow">Model</th><th class="hide-narrow">Kind</th>`}
            <th class="num"><span class="hide-narrow">Dead letters</span></th><th class="num hide-narrow">First</th><th class="num">Last</th></tr></thead>
            ${list.map((g, i) => {
              const isOpen = open === keyOf(g);
              return html`<tbody key=${keyOf(g)}>
                <tr id=${`group-${i}`} class=${`group${i === cursor ? ' current' : ''}${isOpen ? ' open' : ''}`} onClick=${e => !e.target.closest('button') && toggle(g)}>
                  <td><button class="disclosure" aria-expanded=${isOpen ? 'true' : 'false'} onClick=${() => toggle(g)}><span class="caret" aria-hidden="true">›</span>${by ? html`<span class="ellipsis-2">${g.value || '(none)'}</span>` : html`<${Code} code=${g.code}/> <span class="ellipsis-2">${g.message}</span>`}</button></td>
                  ${!by && html`<td class="hide-narrow">${g.provider || none}</td><td class="hide-narrow">${g.model || none}</td><td class="hide-narrow">${g.kind || none}</td>`}
                  <td class="num"><b>${exact(g.count)}</b></td><td class="num nowrap hide-narrow"><${Ago} at=${g.firstAt}/></td><td class="num nowrap"><${Ago} at=${g.lastAt}/></td></tr>
                ${isOpen && html`<tr class="detail"><td colspan="7"><${Group} group=${g} by=${by} params=${params} release=${setReleasing}/></td></tr>`}
              </tbody>`;
            })}</table></div>`}
      ${data && html`<p class="foot soft">${exact(data.scanned)} looked at, at ${timeOfDay(at || Date.now())}${data.complete ? '' : '; these are not all, the time for one reading was over'}${data.other ? `; ${exact(data.other)} in groups that are not told one by one` : ''}.${few ? '' : ' Press r to read anew.'}</p>`}
    </${Card}>
    ${releasing && html`<${BulkDialog} action="release" selection=${{query: jobsQuery(releasing), total: {count: releasing.count, exact: false}}} onClose=${() => setReleasing(null)} onDone=${groups.reload}/>`}
  </${Page}>`;
}
