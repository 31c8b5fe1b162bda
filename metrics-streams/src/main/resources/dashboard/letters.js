// What the screens of dead letters and of the plans for them have in common.
import {html, useState} from './lib.js';
import {setQuery} from './router.js';
import {apiQuery, Search, Since, Choice, Chips} from './filters.js';
import {Badge} from './ui.js';

const MANY = ['code', 'provider', 'model', 'tenant', 'kind', 'priority', 'fingerprint', 'label', 'type'];
const ONCE = ['standing', 'minGeneration'];
const TYPED = {code: 'Code', provider: 'Provider', model: 'Model or route', tenant: 'Tenant', kind: 'Kind', priority: 'Priority', label: 'Label, name:value', fingerprint: 'Fingerprint', minGeneration: 'Replayed at least'};
const STANDINGS = {open: ['warn', '○', 'Open'], replayed: ['ok', '↻', 'Replayed'], discarded: ['plain', '⊘', 'Discarded'], purged: ['plain', '⊗', 'Purged']};

/** The filters in the address as `GET /v1/dead-letters` takes them. */
export const lettersQuery = query => apiQuery(query, MANY, ONCE);

/** The same as the `filter` of a selection. */
export function filterOf(params) {
  const filter = {};
  for (const name of new Set(params.keys())) {
    filter[name] = MANY.includes(name) ? params.getAll(name) : name === 'minGeneration' ? Number(params.get(name)) : params.get(name);
  }
  return filter;
}

/** And back. */
export function paramsOf(filter) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(filter || {})) for (const each of [value].flat()) params.append(name, each);
  return params;
}

/** `path` with these parameters behind it. */
export const withQuery = (path, params) => (String(params) ? `${path}?${params}` : path);

export function Standing({standing}) {
  const [tone, sign, text] = STANDINGS[standing] || ['plain', '•', String(standing)];
  return html`<${Badge} tone=${tone} sign=${sign}>${text}</${Badge}>`;
}

const TABS = [['/dead-letters', 'Groups'], ['/dead-letters/list', 'List'], ['/dead-letters/plans', 'Plans'], ['/dead-letters/audit', 'Audit']];

/** The screens of dead letters beside each other; groups and list keep their filters. */
export function Tabs({at, params}) {
  return html`<div role="navigation" aria-label="Dead letters"><ul class="tabs">${TABS.map(([path, text]) => html`<li key=${path}>
    <a href=${params && path !== at && !/plans|audit/.test(path) ? withQuery(path, params) : path} aria-current=${path === at ? 'page' : undefined}>${text}</a></li>`)}</ul></div>`;
}

function More({query}) {
  const [name, setName] = useState('code');
  const [value, setValue] = useState('');
  return html`<form class="add-filter" onSubmit=${e => {
    e.preventDefault();
    if (!value.trim()) return;
    setQuery({[name]: name === 'minGeneration' ? value.trim() : [...new Set([...query.getAll(name), value.trim()])]});
    setValue('');
  }}>
    <label><span class="visually-hidden">Filter by</span><select value=${name} onChange=${e => setName(e.currentTarget.value)}>${Object.entries(TYPED).map(([k, t]) => html`<option key=${k} value=${k}>${t}</option>`)}</select></label>
    <input aria-label=${`Value of ${TYPED[name]}`} placeholder="is …" maxlength="400" spellcheck=${false} autocomplete="off" value=${value} onInput=${e => setValue(e.currentTarget.value)}/>
    <button class="button" disabled=${!value.trim()}>Add</button>
  </form>`;
}

/** The filters of dead letters, and what of them is in use. */
export function LetterFilters({query, children}) {
  const path = location.pathname;
  return html`<div class="toolbar letter-tools">
      <${Search} value=${query.get('q') || ''} label="Search the messages of failures" placeholder="Search messages of failures" help="All words have to stand in the message."/>
      ${children}
      <${Since} value=${query.get('since')} label="Failed within"/>
      <${Choice} name="standing" label="What became of it" value=${query.get('standing') || ''} options=${[['', 'Open'], ['replayed', 'Replayed'], ['discarded', 'Discarded'], ['purged', 'Purged'], ['any', 'Any standing']]}/>
      <${Choice} name="type" label="Type" value=${query.get('type') || ''} options=${[['', 'Any type'], ['job', 'Jobs'], ['poison', 'Poison'], ['unreadable', 'Unreadable']]}/>
      <${More} query=${query}/>
    </div>
    <${Chips} query=${query} names=${[...MANY.filter(n => n !== 'type'), 'minGeneration']} clear=${path}/>`;
}

const PICKED = 'penstock-picked-letters';

/** Ticked dead letters on their way to a plan: too many for an address. */
export function keepPicked(letters) {
  try {
    sessionStorage.setItem(PICKED, JSON.stringify(letters));
    return true;
  } catch {
    return false;
  }
}

export function picked() {
  try {
    const letters = JSON.parse(sessionStorage.getItem(PICKED) || '[]');
    return Array.isArray(letters) ? letters.filter(l => typeof l === 'string') : [];
  } catch {
    return [];
  }
}

/** Says when it is another filter; the times that `since` becomes go on by themselves. */
export function filterKey(query) {
  const key = new URLSearchParams(query);
  key.delete('group');
  return String(key);
}
