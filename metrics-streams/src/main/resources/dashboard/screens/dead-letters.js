// Dead letters, grouped by why: the reason first, then the jobs.
import {html, useEffect, useState, useValue} from '../lib.js';
import {useResource} from '../live.js';
import {route, setQuery} from '../router.js';
import {Page, Card, Code, Ago, Failed, Empty, Skeleton, Stale, Facts, Id} from '../ui.js';
import {BulkDialog} from '../actions.js';
import {bind} from '../keys.js';
import {advice} from '../advice.js';
import {exact, plural, none} from '../format.js';

const jobsQuery = g => {
  const query = new URLSearchParams({state: 'dead-lettered', code: g.code});
  for (const name of ['model', 'provider', 'kind']) if (g[name]) query.set(name, g[name]);
  return query.toString();
};

function Group({group, release}) {
  const [means, todo] = advice(group.code);
  return html`<div class="group-detail">
    <p>${means}</p>
    ${todo && html`<p><span class="next">Next</span> ${todo}</p>`}
    <${Facts} facts=${[['Since', html`<${Ago} at=${group.firstAt}/>`], ['Last', html`<${Ago} at=${group.lastAt}/>`], ['Failures counted', exact(group.count)],
      ['Model or route', group.model], ['Kind', group.kind],
      group.example ? ['Example', html`<a href=${`/jobs/${group.example}`}><${Id} id=${group.example}/></a>`] : null]}/>
    <div class="actions left">
      <a class="button" href=${`/jobs?${jobsQuery(group)}`}>Show ${plural(group.jobs, 'job')}</a>
      <button class="button" onClick=${() => release(group)}>Release ordering keys…</button>
    </div>
  </div>`;
}

export function DeadLetters() {
  const {query} = useValue(route);
  const groups = useResource('/v1/failures?state=dead-lettered&limit=200', {every: 5_000});
  const [cursor, setCursor] = useState(-1);
  const [releasing, setReleasing] = useState(null);
  const open = query.get('group');
  const list = groups.data?.groups || [];
  const toggle = g => setQuery({group: open === g.fingerprint ? null : g.fingerprint}, {replace: true});
  useEffect(() => bind({
    j: () => setCursor(c => Math.min(list.length - 1, c + 1)),
    k: () => setCursor(c => Math.max(0, c - 1)),
    Enter: event => {
      if (event.target.closest('button, a') || !list[cursor]) return false;
      toggle(list[cursor]);
      return true;
    },
    r: groups.reload,
  }), [list, cursor, open]);
  useEffect(() => {
    if (cursor >= 0) document.getElementById(`group-${cursor}`)?.scrollIntoView({block: 'nearest'});
  }, [cursor]);
  const jobs = list.reduce((sum, g) => sum + (g.jobs || 0), 0);
  return html`<${Page} title="Dead letters" count=${groups.data ? exact(jobs) : null} actions=${html`<a class="button" href="/jobs?state=dead-lettered">As a list of jobs</a>`}>
    <${Stale} problem=${groups.data && groups.problem}/>
    <${Card} label="Dead letters by reason">
      ${groups.loading ? html`<${Skeleton} rows=${8}/>` : !groups.data ? html`<${Failed} problem=${groups.problem} what="The grouping of dead letters" reload=${groups.reload}/>`
        : !list.length ? html`<${Empty} title="No dead letters" command="echo 'Call me Ishmael.' | ./penstock submit --kind generate --model simulated --max-attempts 1 --wait">Jobs that fail for good come here, grouped by why. With a simulated provider that fails (--set worker.provider.simulated.failure-rate=1) you can make one:</${Empty}>`
          : html`<div class="scroll-x"><table class="table groups"><thead><tr><th>Reason</th><th class="hide-narrow">Provider</th><th class="hide-narrow">Model</th><th class="hide-narrow">Kind</th><th class="num">Jobs</th><th class="num hide-narrow">First</th><th class="num">Last</th></tr></thead>
            ${list.map((g, i) => {
              const isOpen = open === g.fingerprint;
              return html`<tbody key=${g.fingerprint}>
                <tr id=${`group-${i}`} class=${`group${i === cursor ? ' current' : ''}${isOpen ? ' open' : ''}`} onClick=${e => !e.target.closest('button') && toggle(g)}>
                  <td><button class="disclosure" aria-expanded=${isOpen ? 'true' : 'false'} onClick=${() => toggle(g)}><span class="caret" aria-hidden="true">›</span><${Code} code=${g.code}/> <span class="ellipsis-2">${g.message}</span></button></td>
                  <td class="hide-narrow">${g.provider || none}</td><td class="hide-narrow">${g.model || none}</td><td class="hide-narrow">${g.kind || none}</td><td class="num"><b>${exact(g.jobs)}</b></td>
                  <td class="num nowrap hide-narrow"><${Ago} at=${g.firstAt}/></td><td class="num nowrap"><${Ago} at=${g.lastAt}/></td></tr>
                ${isOpen && html`<tr class="detail"><td colspan="7"><${Group} group=${g} release=${setReleasing}/></td></tr>`}
              </tbody>`;
            })}</table></div>`}
    </${Card}>
    ${releasing && html`<${BulkDialog} action="release" selection=${{query: jobsQuery(releasing), total: {count: releasing.jobs, exact: true}}} onClose=${() => setReleasing(null)} onDone=${groups.reload}/>`}
  </${Page}>`;
}
