// Dead letters one by one, the newest first, to look at and to tick.
import {html, useCallback, useEffect, useRef, useState, useValue} from '../lib.js';
import {get} from '../api.js';
import {visible} from '../live.js';
import {route, navigate} from '../router.js';
import {Page, Ago, Failed, Empty, Skeleton, Stale, Code, Badge, toast} from '../ui.js';
import {Rows} from '../rows.js';
import {LetterFilters, Standing, Tabs, keepPicked, lettersQuery, withQuery} from '../letters.js';
import {bind} from '../keys.js';
import {exact, none, plural} from '../format.js';

const PAGE_SIZE = 200;
const MAX_ROWS = 50_000;
const MAX_PICKED = 10_000;

/** A page may be empty and have a next one; so many are read for one look. */
const MAX_EMPTY_PAGES = 20;

/** The list as far as it was read, and how to read on. */
function useLetters(params) {
  const key = String(params);
  const [list, setList] = useState({key: null, letters: [], next: null, scanned: 0, problem: null, loading: true});
  const latest = useRef(list);
  latest.current = list;
  const shown = useValue(visible);
  const [turn, again] = useState(0);
  const reading = useRef(null);
  const page = async (cursor, stop) => {
    const letters = [];
    let scanned = 0;
    let next = cursor;
    for (let i = 0; i < MAX_EMPTY_PAGES; i++) {
      const part = await get(withQuery('/v1/dead-letters', `${key}${key ? '&' : ''}limit=${PAGE_SIZE}${next ? `&cursor=${encodeURIComponent(next)}` : ''}`), stop.signal);
      letters.push(...(part.letters || []));
      scanned += part.scanned || 0;
      next = part.next || null;
      if (letters.length || !next) break;
    }
    return {letters, scanned, next};
  };
  useEffect(() => {
    if (!shown) return undefined;
    const stop = new AbortController();
    reading.current?.abort();
    reading.current = stop;
    let timer = 0;
    if (latest.current.key !== key) setList(l => ({...l, key, letters: [], next: null, scanned: 0, problem: null, loading: true}));
    const read = async () => {
      try {
        setList({key, problem: null, loading: false, ...await page(null, stop)});
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
    if (!from.next || from.more || from.key !== key || from.letters.length >= MAX_ROWS || (from.moreProblem && !anew)) return;
    const stop = reading.current;
    setList(l => ({...l, more: true, moreProblem: null}));
    try {
      const part = await page(from.next, stop);
      setList(l => (l.key === key ? {...l, letters: l.letters.concat(part.letters), scanned: l.scanned + part.scanned, next: part.next, more: false} : l));
    } catch (problem) {
      setList(l => (l.key === key ? {...l, more: false, moreProblem: stop.signal.aborted ? null : problem} : l));
    }
  }, [key]);
  return {list: list.key === key ? list : {...list, letters: [], loading: true}, more, reload: () => again(n => n + 1)};
}

function Row({letter, index, height, selected, current, toggle, narrow, place}) {
  const attributes = {
    role: 'row', id: `row-${index}`, 'aria-rowindex': index + 2, 'aria-selected': selected ? 'true' : 'false',
    style: {height: `${height}px`, transform: `translateY(${index * height}px)`},
    class: `row letter${current ? ' current' : ''}${selected ? ' selected' : ''}`, onMouseDown: () => place(index),
  };
  const box = html`<span role="gridcell" class="cell check"><input type="checkbox" tabindex="-1" checked=${selected} aria-label=${`Tick ${letter.letter}`} onClick=${e => toggle(index, e.shiftKey)}/></span>`;
  const link = html`<a class="id" href=${`/dead-letters/letters/${letter.letter}`} tabindex="-1">${letter.letter}</a>`;
  const type = letter.type === 'job' ? null : html`<${Badge} tone="bad" sign="!">${letter.type === 'poison' ? 'Poison' : 'Unreadable'}</${Badge}> `;
  if (narrow) {
    return html`<div ...${attributes}>${box}<span role="gridcell" class="cell stack">
      <span class="line">${link}<${Standing} standing=${letter.standing}/><span class="soft nowrap"><${Ago} at=${letter.at}/></span></span>
      <span class="line"><span class="ellipsis soft">${type}<${Code} code=${letter.code}/> ${letter.message}</span></span></span></div>`;
  }
  return html`<div ...${attributes}>${box}
    <span role="gridcell" class="cell">${link}</span>
    <span role="gridcell" class="cell ellipsis">${type}<${Code} code=${letter.code}/> ${letter.message}</span>
    <span role="gridcell" class="cell ellipsis" title=${letter.kind ? `${letter.kind} with ${letter.model}` : undefined}>${letter.kind || none} <span class="soft">${letter.model}</span></span>
    <span role="gridcell" class="cell ellipsis hide-middle">${letter.tenant || none}</span>
    <span role="gridcell" class="cell num hide-middle">${letter.generation ?? none}</span>
    <span role="gridcell" class="cell num">${letter.attempts ?? none}</span>
    <span role="gridcell" class="cell"><${Standing} standing=${letter.standing}/></span>
    <span role="gridcell" class="cell num"><${Ago} at=${letter.at}/></span>
  </div>`;
}

export function Letters() {
  const {query} = useValue(route);
  const params = lettersQuery(query);
  // Without what `since` becomes, which goes on with the time.
  const key = useRef({search: null, params});
  if (key.current.search !== String(query)) key.current = {search: String(query), params};
  const {list, more, reload} = useLetters(key.current.params);
  const [ticked, setTicked] = useState(new Set());
  const [cursor, setCursor] = useState(-1);
  const [narrow, setNarrow] = useState(matchMedia('(max-width: 760px)').matches);
  const anchor = useRef(-1);
  const letters = list.letters;
  const state = useRef({});
  state.current = {letters, cursor};
  useEffect(() => {
    const media = matchMedia('(max-width: 760px)');
    const changed = () => setNarrow(media.matches);
    media.addEventListener('change', changed);
    return () => media.removeEventListener('change', changed);
  }, []);
  useEffect(() => {
    setTicked(new Set());
    setCursor(-1);
    anchor.current = -1;
  }, [String(query)]);
  const toggle = useCallback((index, range) => setTicked(old => {
    const now = new Set(old);
    const {letters: all} = state.current;
    const on = !now.has(all[index]?.letter);
    const [from, to] = range && anchor.current >= 0 ? [Math.min(anchor.current, index), Math.max(anchor.current, index)] : [index, index];
    for (let i = from; i <= to; i++) if (all[i]) now[on ? 'add' : 'delete'](all[i].letter);
    anchor.current = index;
    return now;
  }), []);
  const move = step => () => setCursor(c => Math.max(0, Math.min(state.current.letters.length - 1, c + step)));
  useEffect(() => bind({
    j: move(1), k: move(-1), ArrowDown: move(1), ArrowUp: move(-1),
    Home: () => setCursor(state.current.letters.length ? 0 : -1),
    End: () => setCursor(state.current.letters.length - 1),
    Enter: event => {
      if (event.target.closest('button, a, summary, select')) return false;
      const letter = state.current.letters[state.current.cursor];
      if (letter) navigate(`/dead-letters/letters/${letter.letter}`);
      return !!letter;
    },
    x: () => state.current.cursor >= 0 && toggle(state.current.cursor, false),
    Escape: () => {
      setTicked(new Set());
      setCursor(-1);
    },
    r: reload,
  }), []);
  const plan = action => {
    if (!keepPicked([...ticked].slice(0, MAX_PICKED))) {
      toast('The browser does not let the page keep what is ticked; use filters instead', 'warn');
      return;
    }
    navigate(`/dead-letters/new?picked=1${action ? `&action=${action}` : ''}`);
  };
  const allTicked = letters.length > 0 && letters.every(l => ticked.has(l.letter));
  const height = narrow ? 60 : 36;
  const head = narrow ? null : html`<div class="row head letter" role="row" aria-rowindex="1">
    <span role="columnheader" class="cell check"><input type="checkbox" tabindex="-1" aria-label="Tick all that are read" checked=${allTicked}
      onClick=${() => setTicked(allTicked ? new Set() : new Set(letters.map(l => l.letter)))}/></span>
    ${['Place', 'Failure', 'Kind and model'].map(c => html`<span role="columnheader" class="cell" key=${c}>${c}</span>`)}
    <span role="columnheader" class="cell hide-middle">Tenant</span><span role="columnheader" class="cell num hide-middle" title="Which generation of the job failed">Gen</span>
    <span role="columnheader" class="cell num">Tries</span><span role="columnheader" class="cell">Standing</span><span role="columnheader" class="cell num">Failed</span></div>`;
  const actions = html`<a class="button" href=${withQuery('/v1/dead-letters/export', params)} download>Export</a>
    <a class="button primary" href=${withQuery('/dead-letters/new', params)}>Plan for all that match…</a>`;
  return html`<${Page} title="Dead letters" fill actions=${actions}>
    <${Tabs} at="/dead-letters/list" params=${params}/>
    <${LetterFilters} query=${query}/>
    <${Stale} problem=${letters.length > 0 && list.problem}/>
    <div class="card jobs-list">
      ${ticked.size > 0 && html`<div class="selection" role="group" aria-label="Act on what is ticked">
        <b>${exact(ticked.size)} ticked</b><span class="soft">${ticked.size > MAX_PICKED ? `only the first ${exact(MAX_PICKED)} at once` : ''}</span><span class="grow"></span>
        <button class="button small" onClick=${() => plan('')}>Replay…</button>
        <button class="button small" onClick=${() => plan('discard')}>Discard…</button>
        <button class="button small danger" onClick=${() => plan('purge')}>Purge…</button>
        <button class="button small" onClick=${() => setTicked(new Set())}>Clear</button></div>`}
      ${list.problem && !letters.length ? html`<${Failed} problem=${list.problem} what="The list of dead letters" reload=${reload}/>`
        : list.loading && !letters.length ? html`<${Skeleton} rows=${14}/>`
          : !letters.length ? html`<${Empty} title=${list.next ? 'None yet' : 'No dead letter matches'}>${list.next
              ? html`<span>Of the newest ${exact(list.scanned)} none matches. <button class="link" onClick=${() => more(true)}>Look further back</button></span>`
              : html`<span>Take a filter away, or <a href="/dead-letters">look at the groups</a>.</span>`}</${Empty}>`
            : html`<${Rows} count=${letters.length} height=${height} cursor=${cursor} onEnd=${() => more()} label="Dead letters" head=${head} id="letters-grid"
                gridProps=${{'aria-activedescendant': cursor >= 0 ? `row-${cursor}` : undefined, 'aria-multiselectable': 'true'}}
                row=${i => html`<${Row} key=${letters[i].letter} letter=${letters[i]} index=${i} height=${height} narrow=${narrow} selected=${ticked.has(letters[i].letter)} current=${i === cursor} toggle=${toggle} place=${setCursor}/>`}/>
              <footer class="list-foot"><span>${plural(letters.length, 'dead letter')} read${list.more ? ', reading on…' : list.next ? '; there are more' : ', that is all'}</span>
                ${list.moreProblem && html`<span class="bad">Reading on failed: ${list.moreProblem.message} <button class="button" onClick=${() => more(true)}>Try again</button></span>`}
                <span class="keys"><kbd>j</kbd> <kbd>k</kbd> move <kbd>Enter</kbd> open <kbd>x</kbd> tick <kbd>?</kbd> keys</span></footer>`}
    </div>
  </${Page}>`;
}
