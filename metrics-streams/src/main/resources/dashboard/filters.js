// Filters that stand in the address: the search, times, and what is in use.
import {html, useEffect, useRef, useState} from './lib.js';
import {setQuery, navigate} from './router.js';

export const SINCE = {'15m': ['15 minutes', 900_000], '1h': ['1 hour', 3_600_000], '24h': ['24 hours', 86_400_000], '7d': ['7 days', 604_800_000]};
const TYPING_MS = 250;

/** The filters as the API takes them; `since` becomes an instant. */
export function apiQuery(query, names, single = []) {
  const api = new URLSearchParams();
  for (const name of names) for (const value of query.getAll(name)) api.append(name, value);
  for (const name of [...single, 'from', 'to', 'q']) if (query.get(name)) api.set(name, query.get(name));
  const since = SINCE[query.get('since')];
  if (since && !api.has('from')) api.set('from', new Date(Math.floor((Date.now() - since[1]) / 60_000) * 60_000).toISOString());
  return api;
}

export function Search({value, label, placeholder, help}) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    if (text === sent.current) return undefined;
    const timer = setTimeout(() => {
      sent.current = text;
      setQuery({q: text || null}, {replace: true});
    }, TYPING_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<div class="search">
    <svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5L14 14"/></svg>
    <input id="search" type="search" placeholder=${placeholder} aria-label=${label} autocomplete="off" spellcheck=${false}
      value=${text} onInput=${e => setText(e.currentTarget.value)} aria-describedby="search-help"
      onKeyDown=${e => e.key === 'Escape' && e.currentTarget.blur()}/><kbd aria-hidden="true">/</kbd>
    <span id="search-help" class="visually-hidden">${help}</span>
  </div>`;
}

/** A choice that stands in the address; the first one of `options` is left out of it. */
export function Choice({name, label, value, options}) {
  return html`<label class="select"><span class="visually-hidden">${label}</span><select value=${value} onChange=${e => setQuery({[name]: e.currentTarget.value || null})}>
    ${options.map(([key, text]) => html`<option key=${key} value=${key}>${text}</option>`)}</select></label>`;
}

export function Since({value, label}) {
  return html`<${Choice} name="since" label=${label} value=${value || ''} options=${[['', 'Any time'], ...Object.entries(SINCE).map(([k, [t]]) => [k, `Last ${t}`])]}/>`;
}

/** The filters in use, each to be taken away. `names` are those that it knows besides times. */
export function Chips({query, names, clear}) {
  const chips = [];
  for (const name of names) for (const value of query.getAll(name)) chips.push([name, value]);
  if (query.get('since')) chips.push(['since', query.get('since')]);
  for (const name of ['from', 'to']) if (query.get(name)) chips.push([name, query.get(name)]);
  if (!chips.length) return null;
  return html`<ul class="chips" aria-label="Filters in use">
    ${chips.map(([name, value]) => html`<li key=${name + value}><button class="chip" aria-label=${`Remove the filter ${name} ${value}`}
      onClick=${() => setQuery({[name]: query.getAll(name).filter(v => v !== value)})}><span>${name}</span> ${value} <b aria-hidden="true">×</b></button></li>`)}
    <li><button class="link" onClick=${() => navigate(clear)}>Clear all</button></li>
  </ul>`;
}
