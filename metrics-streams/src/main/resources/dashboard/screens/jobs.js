// All jobs: filters in the address, search, facets, and acting on many.
import {html, useCallback, useEffect, useMemo, useRef, useState, useValue} from '../lib.js';
import {get} from '../api.js';
import {changes, currency, visible} from '../live.js';
import {route, setQuery, navigate} from '../router.js';
import {Page, State, Badge, Ago, Failed, Empty, Skeleton, Stale, Code, STATE_NAMES, stateText, Id} from '../ui.js';
import {Rows} from '../rows.js';
import {apiQuery, Search, Since, Chips} from '../filters.js';
import {BulkDialog} from '../actions.js';
import {bind} from '../keys.js';
import {count, exact, duration, money, none, shortId} from '../format.js';

const FACETS = ['state', 'kind', 'model', 'provider', 'code', 'tenant', 'priority'];
const FACET_NAMES = {state: 'State', kind: 'Kind', model: 'Model or route', provider: 'Provider', code: 'Failure', tenant: 'Tenant', priority: 'Priority'};
const FILTERS = [...FACETS, 'label'];
const SORTS = {'-acceptedAt': 'Newest first', acceptedAt: 'Oldest first', '-finishedAt': 'Finished last', '-durationMillis': 'Longest', '-costNanos': 'Dearest'};
const PAGE_SIZE = 200;
const NEXT_SIZE = 500;
const MAX_ROWS = 50_000;
const MAX_IDS = 1_000;
const FRESH_EVERY_MS = 3_000;

const isNarrow = () => matchMedia('(max-width: 760px)').matches;

/** The list as far as it was read, and how to read on. */
function useJobs(query) {
  const filter = apiQuery(query, FILTERS).toString();
  const sort = SORTS[query.get('sort')] ? query.get('sort') : '-acceptedAt';
  const key = `${filter}#${sort}`;
  const [list, setList] = useState({key: null, jobs: [], total: null, facets: null, next: null, problem: null, loading: true});
  const latest = useRef(list);
  latest.current = list;
  const shown = useValue(visible);
  const [turn, again] = useState(0);
  const reading = useRef(null);
  useEffect(() => {
    if (!shown) return undefined;
    const stop = new AbortController();
    reading.current?.abort();
    reading.current = stop;
    let timer = 0;
    if (latest.current.key !== key) setList(l => ({...l, key, jobs: [], next: null, total: null, problem: null, loading: true}));
    const read = async () => {
      try {
        const page = await get(`/v1/jobs?${filter}${filter ? '&' : ''}sort=${sort}&limit=${PAGE_SIZE}&facets=${FACETS.join(',')}`, stop.signal);
        setList({key, jobs: page.jobs || [], total: page.total || null, facets: page.facets || null, next: page.next || null, problem: null, loading: false});
      } catch (problem) {
        if (stop.signal.aborted) return;
        setList(l => ({...l, key, problem, loading: false}));
        if (problem.status === 503 || problem.status === 0) timer = setTimeout(read, 3_000);
      }
    };
    read();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [key, shown, turn]);
  const more = useCallback(async anew => {
    const from = latest.current;
    if (!from.next || from.more || from.key !== key || from.jobs.length >= MAX_ROWS) return;
    if (from.moreProblem && !anew) return;
    const stop = reading.current;
    setList(l => ({...l, more: true, moreProblem: null}));
    try {
      const page = await get(`/v1/jobs?${filter}${filter ? '&' : ''}sort=${sort}&limit=${NEXT_SIZE}&cursor=${encodeURIComponent(from.next)}`, stop?.signal);
      setList(l => {
        if (l.key !== key) return l;
        const known = new Set(l.jobs.map(j => j.id));
        return {...l, jobs: l.jobs.concat((page.jobs || []).filter(j => !known.has(j.id))), next: page.next || null, more: false};
      });
    } catch (problem) {
      // One that was given up is no failure: the list is being read anew.
      setList(l => (l.key === key ? {...l, more: false, moreProblem: stop?.signal.aborted ? null : problem} : l));
    }
  }, [key]);
  /** Takes over what the stream told of jobs in the list. */
  const apply = useCallback(changed => setList(l => {
    let touched = false;
    const jobs = l.jobs.map(job => {
      const change = changed.get(job.id);
      if (!change || change.version === job.version) return job;
      touched = true;
      return {...job, ...change};
    });
    return touched ? {...l, jobs} : l;
  }), []);
  return {list: list.key === key ? list : {...list, jobs: [], loading: true}, more, apply, filter, reload: () => again(n => n + 1)};
}

function Facet({name, values, chosen}) {
  const [all, setAll] = useState(false);
  const known = values || [];
  const missing = chosen.filter(c => !known.some(v => v.value === c)).map(value => ({value, count: null}));
  const list = [...known, ...missing];
  if (!list.length) return null;
  const shown = all ? list : list.slice(0, 6);
  const toggle = value => setQuery({[name]: chosen.includes(value) ? chosen.filter(c => c !== value) : [...chosen, value]});
  return html`<fieldset class="facet"><legend>${FACET_NAMES[name]}</legend>
    ${shown.map(v => html`<label key=${v.value} class="facet-value">
      <input type="checkbox" checked=${chosen.includes(v.value)} onChange=${() => toggle(v.value)}/>
      <span class="facet-text">${name === 'state' ? stateText(v.value) : v.value}</span><span class="facet-count">${v.count == null ? '' : count(v.count)}</span></label>`)}
    ${list.length > 6 && html`<button class="link" onClick=${() => setAll(!all)}>${all ? 'Fewer' : `${list.length - 6} more`}</button>`}
  </fieldset>`;
}

function Row({job, index, height, selected, current, toggle, narrow, place}) {
  const style = {height: `${height}px`, transform: `translateY(${index * height}px)`};
  const text = job.code ? job.message || '' : job.excerpt || '';
  const box = html`<span role="gridcell" class="cell check"><input type="checkbox" tabindex="-1" checked=${selected} aria-label=${`Select ${shortId(job.id)}`}
    onClick=${e => toggle(index, e.shiftKey)}/></span>`;
  const attributes = {
    role: 'row', id: `row-${index}`, 'aria-rowindex': index + 2, 'aria-selected': selected ? 'true' : 'false', style,
    class: `row${current ? ' current' : ''}${selected ? ' selected' : ''}`, onMouseDown: () => place(index),
  };
  const asked = job.cancelRequested ? html`<${Badge} tone="warn">Cancel requested</${Badge}> `
    : job.retryNowRequested ? html`<${Badge} tone="warn">Asked to run now</${Badge}> ` : null;
  const link = html`<a href=${`/jobs/${job.id}`} tabindex="-1"><${Id} id=${job.id}/></a>`;
  if (narrow) {
    return html`<div ...${attributes}>${box}<span role="gridcell" class="cell stack">
      <span class="line"><${State} state=${job.state}/><span class="soft nowrap"><${Ago} at=${job.acceptedAt}/></span></span>
      <span class="line">${link}<span class="ellipsis soft">${asked}${job.code && html`<${Code} code=${job.code}/> `}${text || job.kind}</span></span></span></div>`;
  }
  return html`<div ...${attributes}>${box}
    <span role="gridcell" class="cell"><${State} state=${job.state}/></span>
    <span role="gridcell" class="cell">${link}</span>
    <span role="gridcell" class="cell ellipsis what">${asked}${job.code && html`<${Code} code=${job.code}/> `}<span class=${job.code ? '' : 'soft'}>${text}</span></span>
    <span role="gridcell" class="cell ellipsis" title=${`${job.kind} with ${job.model}`}>${job.kind} <span class="soft">${job.model}</span></span>
    <span role="gridcell" class="cell ellipsis tenant">${job.tenant || none}</span>
    <span role="gridcell" class="cell num">${job.attempts ?? 0}/${job.maxAttempts ?? none}</span>
    <span role="gridcell" class="cell num">${job.durationMillis == null ? none : duration(job.durationMillis)}</span>
    <span role="gridcell" class="cell num cost">${money(job.costNanos)}</span>
    <span role="gridcell" class="cell num"><${Ago} at=${job.acceptedAt}/></span>
  </div>`;
}

export function Jobs() {
  const {query} = useValue(route);
  const {list, more, apply, filter, reload} = useJobs(query);
  const [picked, setPicked] = useState(new Set());
  const [everything, setEverything] = useState(false);
  const [cursor, setCursor] = useState(-1);
  const [dialog, setDialog] = useState(null);
  const [news, setNews] = useState(0);
  const [narrow, setNarrow] = useState(isNarrow());
  const anchor = useRef(-1);
  const told = useValue(changes);
  const unit = useValue(currency);
  const jobs = list.jobs;
  const state = useRef({});
  state.current = {jobs, cursor, picked, query};

  useEffect(() => {
    const media = matchMedia('(max-width: 760px)');
    const changed = () => setNarrow(media.matches);
    media.addEventListener('change', changed);
    return () => media.removeEventListener('change', changed);
  }, []);
  useEffect(() => {
    setPicked(new Set());
    setEverything(false);
    setCursor(-1);
    setNews(0);
    anchor.current = -1;
  }, [filter, query.get('sort')]);
  useEffect(() => {
    if (!told.jobs.size && !told.more) return;
    apply(told.jobs);
    setNews(n => n + told.jobs.size + told.more);
  }, [told]);
  // At the top with nothing begun, the list renews itself; else it says that there is news, and holds still.
  useEffect(() => {
    if (!news || list.loading) return undefined;
    const timer = setTimeout(() => {
      const scrolled = document.querySelector('.rows')?.scrollTop > 0;
      if (!scrolled && state.current.cursor < 0 && !state.current.picked.size && !dialog) {
        setNews(0);
        reload();
      }
    }, FRESH_EVERY_MS);
    return () => clearTimeout(timer);
  }, [news > 0, list.loading, dialog]);

  const toggle = useCallback((index, range) => setPicked(old => {
    const now = new Set(old);
    const {jobs: all} = state.current;
    const on = !now.has(all[index]?.id);
    const [from, to] = range && anchor.current >= 0 ? [Math.min(anchor.current, index), Math.max(anchor.current, index)] : [index, index];
    for (let i = from; i <= to; i++) {
      if (all[i]) now[on ? 'add' : 'delete'](all[i].id);
    }
    anchor.current = index;
    setEverything(false);
    return now;
  }), []);
  useEffect(() => bind({
    j: () => setCursor(c => Math.min(state.current.jobs.length - 1, c + 1)),
    k: () => setCursor(c => Math.max(0, c - 1)),
    ArrowDown: () => setCursor(c => Math.min(state.current.jobs.length - 1, c + 1)),
    ArrowUp: () => setCursor(c => Math.max(0, c - 1)),
    Home: () => setCursor(state.current.jobs.length ? 0 : -1),
    End: () => setCursor(state.current.jobs.length - 1),
    Enter: event => {
      if (event.target.closest('button, a, summary, select')) return false;
      const job = state.current.jobs[state.current.cursor];
      if (job) navigate(`/jobs/${job.id}`);
      return !!job;
    },
    x: () => state.current.cursor >= 0 && toggle(state.current.cursor, false),
    Escape: () => {
      setPicked(new Set());
      setEverything(false);
      setCursor(-1);
    },
    r: () => {
      setNews(0);
      reload();
    },
  }), []);

  const total = list.total;
  const ids = useMemo(() => [...picked], [picked]);
  const selection = everything ? {query: filter, total} : {ids: ids.slice(0, MAX_IDS)};
  const chosen = everything ? total?.count : ids.length;
  const loadedAll = jobs.length > 0 && jobs.every(j => picked.has(j.id));
  const height = narrow ? 60 : 36;
  const filtered = filter !== '';

  const head = narrow ? null : html`<div class="row head" role="row" aria-rowindex="1">
    <span role="columnheader" class="cell check"><input type="checkbox" tabindex="-1" aria-label="Select all that are loaded" checked=${loadedAll}
      onClick=${() => setPicked(loadedAll ? new Set() : new Set(jobs.map(j => j.id)))}/></span>
    ${['State', 'Job', 'Input or failure', 'Kind and model', 'Tenant'].map(c => html`<span role="columnheader" class=${`cell ${c === 'Tenant' ? 'tenant' : ''}`} key=${c}>${c}</span>`)}
    ${['Tries', 'Duration', 'Cost', 'Accepted'].map(c => html`<span role="columnheader" class=${`cell num ${c === 'Cost' ? 'cost' : ''}`} key=${c}>${c}${c === 'Cost' && unit ? html` <span class="unit">${unit}</span>` : ''}</span>`)}
  </div>`;
  const facets = html`<div class="facets">${FACETS.map(name => {
    const counted = list.facets?.[name];
    const values = name === 'state' && counted ? [...counted].sort((a, b) => STATE_NAMES.indexOf(a.value) - STATE_NAMES.indexOf(b.value)) : counted;
    return html`<${Facet} key=${name} name=${name} values=${values} chosen=${query.getAll(name)}/>`;
  })}</div>`;

  return html`<${Page} title="Jobs" fill count=${total ? `${total.exact ? '' : '≈ '}${exact(total.count)}` : null}>
    <div class="toolbar">
      <${Search} value=${query.get('q') || ''} label="Search jobs" placeholder="Search ids, inputs, outputs, failures"
        help='Words are joined by and. "A phrase", a word~ for similar ones, and a prefix* work.'/>
      <${Since} value=${query.get('since')} label="Accepted within"/>
      <label class="select"><span class="visually-hidden">Order</span><select value=${query.get('sort') || '-acceptedAt'} onChange=${e => setQuery({sort: e.currentTarget.value === '-acceptedAt' ? null : e.currentTarget.value})}>
        ${Object.entries(SORTS).map(([k, t]) => html`<option key=${k} value=${k}>${t}</option>`)}</select></label>
      <button class=${`button news${news ? ' shown' : ''}`} aria-hidden=${news ? undefined : 'true'} tabindex=${news ? undefined : '-1'} title="Read the list anew (r)" onClick=${() => {
        setNews(0);
        reload();
      }}>${news ? `${count(news)} changes · Refresh` : 'Refresh'}</button>
    </div>
    <${Chips} query=${query} names=${FILTERS} clear="/jobs"/>
    <div class="jobs-body">
      ${narrow ? html`<details class="facets-fold"><summary>Filters</summary>${facets}</details>` : html`<aside aria-label="Filters">${list.facets ? facets : html`<${Skeleton} rows=${12}/>`}</aside>`}
      <div class="jobs-list card">
        ${list.problem && jobs.length > 0 && html`<${Stale} problem=${list.problem}/>`}
        ${chosen > 0 && html`<div class="selection" role="region" aria-label="Selection">
          <span><b>${exact(chosen)}</b> selected${ids.length > MAX_IDS && !everything ? `; only the first ${exact(MAX_IDS)} at once` : ''}</span>
          ${!everything && total && total.count > ids.length && html`<button class="link" onClick=${() => setEverything(true)}>Select all ${total.exact ? '' : '≈ '}${exact(total.count)} that match</button>`}
          <span class="grow"></span>
          <button class="button small" onClick=${() => setDialog('retry-now')}>Retry now…</button>
          <button class="button small danger" onClick=${() => setDialog('cancel')}>Cancel…</button>
          <button class="button small" onClick=${() => setDialog('release')}>Release…</button>
          <button class="button small" onClick=${() => {
            setPicked(new Set());
            setEverything(false);
          }}>Clear</button></div>`}
        ${list.problem && !jobs.length ? html`<${Failed} problem=${list.problem} what="The list of jobs" reload=${reload}/>`
          : list.loading && !jobs.length ? html`<${Skeleton} rows=${14}/>`
            : !jobs.length ? filtered ? html`<${Empty} title="No job matches"><span>Take a filter away, or <a href="/jobs">look at all jobs</a>.</span></${Empty}>`
              : html`<${Empty} title="No jobs yet" command="echo 'Call me Ishmael.' | ./penstock submit --kind detect-language --wait">Submit one; it shows up here at once.</${Empty}>`
              : html`<${Rows} count=${jobs.length} height=${height} cursor=${cursor} onEnd=${() => more()} label="Jobs" head=${head} id="jobs-grid"
                  gridProps=${{'aria-activedescendant': cursor >= 0 ? `row-${cursor}` : undefined, 'aria-multiselectable': 'true'}}
                  row=${i => html`<${Row} key=${jobs[i].id} job=${jobs[i]} index=${i} height=${height} narrow=${narrow} selected=${everything || picked.has(jobs[i].id)}
                    current=${i === cursor} toggle=${toggle} place=${setCursor}/>`}/>
                <footer class="list-foot"><span>${exact(jobs.length)}${total ? ` of ${total.exact ? '' : '≈ '}${exact(total.count)}` : ''} read${list.more ? ', reading on…' : ''}</span>
                  ${list.moreProblem && html`<span class="bad">Reading on failed: ${list.moreProblem.message} <button class="button" onClick=${() => more(true)}>Try again</button></span>`}
                  <span class="keys"><kbd>j</kbd> <kbd>k</kbd> move <kbd>Enter</kbd> open <kbd>x</kbd> select <kbd>?</kbd> keys</span></footer>`}
      </div>
    </div>
    ${dialog && html`<${BulkDialog} action=${dialog} selection=${selection} onClose=${() => setDialog(null)} onDone=${reload}/>`}
  </${Page}>`;
}
