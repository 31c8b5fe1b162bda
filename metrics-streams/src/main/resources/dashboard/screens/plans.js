// The plans that there are, the newest first.
import {html, useEffect, useState, useValue} from '../lib.js';
import {get} from '../api.js';
import {useResource} from '../live.js';
import {route, navigate} from '../router.js';
import {Page, Card, Ago, Failed, Empty, Skeleton, Stale} from '../ui.js';
import {Tabs} from '../letters.js';
import {Choice} from '../filters.js';
import {ACTIONS, PLAN_STATES, PlanState, Progress, stateName, totalOf} from '../plans.js';
import {bind} from '../keys.js';
import {exact, none} from '../format.js';

const PAGE_SIZE = 50;
const EVERY_MS = 2_000;
const GROUPS = {work: ['Under way', ['selecting', 'running', 'canary-report', 'paused', 'aborting', 'undoing']], waiting: ['Wait for someone', ['draft', 'canary-report', 'paused']], ended: ['Ended', ['done', 'aborted', 'undone']]};

export function Plans() {
  const {query} = useValue(route);
  const state = query.get('state') || '';
  const states = GROUPS[state]?.[1] || (PLAN_STATES.includes(state) ? [state] : []);
  const path = `/v1/replays?limit=${PAGE_SIZE}${states.length ? `&state=${states.join(',')}` : ''}`;
  const plans = useResource(path, {every: EVERY_MS});
  const [older, setOlder] = useState({path, list: [], next: null, problem: null});
  const [cursor, setCursor] = useState(-1);
  const behind = older.path === path ? older : {list: [], next: null, problem: null};
  const first = plans.data?.replays || [];
  const known = new Set(first.map(p => p.id));
  const list = [...first, ...behind.list.filter(p => !known.has(p.id))];
  const next = behind.list.length ? behind.next : plans.data?.next;
  useEffect(() => setCursor(-1), [path]);
  useEffect(() => bind({
    j: () => setCursor(c => Math.min(list.length - 1, c + 1)),
    k: () => setCursor(c => Math.max(0, c - 1)),
    Enter: event => {
      if (event.target.closest('button, a, select') || !list[cursor]) return false;
      navigate(`/dead-letters/plans/${list[cursor].id}`);
      return true;
    },
    r: plans.reload,
  }), [list.length, cursor, plans.data]);
  useEffect(() => {
    if (cursor >= 0) document.getElementById(`plan-${cursor}`)?.scrollIntoView({block: 'nearest'});
  }, [cursor]);
  const more = async () => {
    try {
      const page = await get(`${path}&cursor=${encodeURIComponent(next)}`);
      setOlder({path, list: [...behind.list, ...(page.replays || [])], next: page.next || null, problem: null});
    } catch (problem) {
      setOlder({...behind, path, problem});
    }
  };
  return html`<${Page} title="Plans" actions=${html`<a class="button primary" href="/dead-letters/new">New plan…</a>`}>
    <${Tabs} at="/dead-letters/plans"/>
    <div class="toolbar"><${Choice} name="state" label="State" value=${state} options=${[['', 'All plans'], ...Object.entries(GROUPS).map(([k, [t]]) => [k, t]), ...PLAN_STATES.map(s => [s, stateName(s)])]}/></div>
    <${Stale} problem=${plans.data && plans.problem}/>
    <${Card} label="Plans">
      ${plans.loading ? html`<${Skeleton} rows=${6}/>` : !plans.data ? html`<${Failed} problem=${plans.problem} what="The list of plans" reload=${plans.reload}/>`
        : !list.length ? state ? html`<${Empty} title="No plan is in this state"/>` : html`<${Empty} title="No plans yet" command="./penstock dlq plan --code timeout --canary 20">A plan says what is done with which dead letters. Make one from their groups, or:</${Empty}>`
          : html`<table class="table groups plans"><thead><tr><th>Plan</th><th>State</th><th class="hide-narrow">Does</th><th class="num hide-narrow">Dead letters</th><th class="hide-narrow progress-column">Progress</th><th class="hide-middle">By</th><th class="num hide-narrow">Made</th></tr></thead><tbody>
            ${list.map((p, i) => html`<tr key=${p.id} id=${`plan-${i}`} class=${`group${i === cursor ? ' current' : ''}`} onClick=${e => !e.target.closest('a') && navigate(`/dead-letters/plans/${p.id}`)}>
              <td><a class="plan-name" href=${`/dead-letters/plans/${p.id}`}>${p.name}</a>${p.name !== p.id && html`<span class="sub">${p.id}</span>`}<div class="only-narrow"><${Progress} plan=${p} small/></div></td>
              <td><${PlanState} state=${p.state}/></td><td class="hide-narrow">${ACTIONS[p.action]?.name || p.action}${p.patch ? html` <span class="soft">changed</span>` : ''}</td>
              <td class="num hide-narrow">${totalOf(p) == null ? none : exact(totalOf(p))}</td><td class="hide-narrow progress-column"><${Progress} plan=${p} small/></td>
              <td class="hide-middle">${p.by}</td><td class="num nowrap hide-narrow"><${Ago} at=${p.createdAt}/></td></tr>`)}</tbody></table>`}
      ${next && html`<p class="foot"><button class="button small" onClick=${more}>Older plans</button></p>`}
      ${behind.problem && html`<p class="field-error" role="alert">${behind.problem.message}</p>`}
    </${Card}>
  </${Page}>`;
}
