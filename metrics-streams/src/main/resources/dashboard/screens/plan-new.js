// Making a plan, step by step: which dead letters, what is done with them, and how. The preview is the plan's own page.
import {html, useEffect, useMemo, useRef, useState, useValue} from '../lib.js';
import {send} from '../api.js';
import {useResource} from '../live.js';
import {route, setQuery, navigate} from '../router.js';
import {Page, Card, Failed, Skeleton, Facts, toast} from '../ui.js';
import {filterOf, lettersQuery, paramsOf, picked, withQuery} from '../letters.js';
import {ACTIONS, Steps, Who, faultsOf, keepWho, newPlanId, selectionText, who} from '../plans.js';
import {exact, plural, time} from '../format.js';

const LAST_STEP = 2;
const OVERRIDES = ['model', 'priority', 'maxAttempts', 'attemptTimeout', 'retry', 'expireAt', 'cache'];

/** On which step the field of a JSON Pointer stands. */
const stepOf = pointer => (/^\/(selection|sample)/.test(pointer) ? 0 : /^\/(override|patch|action|reason)/.test(pointer) ? 1 : LAST_STEP);

const EMPTY = {
  sample: 'all', sampleSize: '', seed: '', action: 'replay', reason: '',
  model: '', priority: '', maxAttempts: '', attemptTimeout: '', expires: 'kept', expireAt: '', cache: 'kept', baseDelay: '', maxDelay: '', multiplier: '', patch: '',
  canary: 'none', canarySize: '', then: 'stop', minSucceeded: '100', inFlight: '', perSecond: '', maxGeneration: '', force: false, name: '',
};

/** A number where it is one; else the server says what is wrong. */
const numeral = text => (text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text.trim());

const amount = (kind, size) => ({[kind]: numeral(size)});

function overrideOf(form) {
  const override = {};
  for (const name of ['model', 'priority', 'attemptTimeout']) if (form[name].trim()) override[name] = form[name].trim();
  if (form.maxAttempts.trim()) override.maxAttempts = numeral(form.maxAttempts);
  if (form.expires !== 'kept') override.expireAt = form.expires === 'never' ? null : form.expireAt.trim();
  if (form.cache !== 'kept') override.cache = form.cache === 'fresh' ? false : null;
  const retry = {};
  for (const name of ['baseDelay', 'maxDelay']) if (form[name].trim()) retry[name] = form[name].trim();
  if (form.multiplier.trim()) retry.multiplier = numeral(form.multiplier);
  if (Object.keys(retry).length) override.retry = retry;
  return override;
}

/** The body of `POST /v1/replays`. Throws where the patch is no JSON. */
function requestOf(form, selection) {
  const request = {selection: {...selection}};
  delete request.selection.sample;
  delete request.selection.seed;
  if (form.sample !== 'all') request.selection.sample = amount(form.sample, form.sampleSize);
  if (form.sample !== 'all' && form.seed.trim()) request.selection.seed = numeral(form.seed);
  if (form.name.trim()) request.name = form.name.trim();
  if (form.action !== 'replay') Object.assign(request, {action: form.action, reason: form.reason.trim()});
  else {
    const override = overrideOf(form);
    if (Object.keys(override).length) request.override = override;
    if (form.patch.trim()) request.patch = JSON.parse(form.patch);
    if (form.force) request.force = true;
    else if (form.maxGeneration.trim()) request.maxGeneration = numeral(form.maxGeneration);
  }
  const pace = {};
  if (form.inFlight.trim()) pace.inFlight = numeral(form.inFlight);
  if (form.perSecond.trim()) pace.perSecond = numeral(form.perSecond);
  if (Object.keys(pace).length) request.pace = pace;
  if (form.canary !== 'none') {
    request.canary = amount(form.canary, form.canarySize);
    if (form.then === 'go-on') Object.assign(request.canary, {then: 'go-on', minSucceeded: typeof numeral(form.minSucceeded) === 'number' ? numeral(form.minSucceeded) / 100 : form.minSucceeded});
  }
  return request;
}

/** What is typed into the form to ask for that plan again. The server keeps overrides as the last operations of the patch. */
function formOf(plan) {
  const form = {...EMPTY, action: plan.action, reason: plan.reason || '', name: plan.name === plan.id ? '' : plan.name};
  const {sample, seed} = plan.selection;
  if (sample) Object.assign(form, {sample: sample.count != null ? 'count' : 'percent', sampleSize: String(sample.count ?? sample.percent), seed: seed == null ? '' : String(seed)});
  const operations = [...(plan.patch || [])];
  for (;;) {
    const last = operations.at(-1);
    const removed = last?.op === 'remove' && operations.at(-2)?.op === 'add' && operations.at(-2).path === last.path && operations.at(-2).value === null;
    const name = last?.path?.slice(1);
    if (!last || (last.op !== 'add' && !removed) || !OVERRIDES.includes(name) || !override(form, name, removed ? null : last.value)) break;
    operations.splice(removed ? -2 : -1);
  }
  if (operations.length) form.patch = JSON.stringify(operations, null, 2);
  if (plan.maxGeneration > 1000) form.force = true;
  else if (plan.maxGeneration && plan.maxGeneration !== 3) form.maxGeneration = String(plan.maxGeneration);
  if (plan.canary) {
    Object.assign(form, {canary: plan.canary.count != null ? 'count' : 'percent', canarySize: String(plan.canary.count ?? plan.canary.percent), then: plan.canary.then,
      minSucceeded: String(Math.round(plan.canary.minSucceeded * 1e6) / 1e4)});
  }
  if (plan.pace?.inFlight && plan.pace.inFlight !== 1000) form.inFlight = String(plan.pace.inFlight);
  if (plan.pace?.perSecond) form.perSecond = String(plan.pace.perSecond);
  return form;
}

/** Puts an override into its field; false where no field can hold it. */
function override(form, name, value) {
  if (['model', 'priority', 'attemptTimeout', 'maxAttempts'].includes(name) && value !== null && typeof value !== 'object') form[name] = String(value);
  else if (name === 'expireAt') Object.assign(form, value === null ? {expires: 'never'} : {expires: 'at', expireAt: String(value)});
  else if (name === 'cache' && (value === null || value === false)) form.cache = value === null ? 'usual' : 'fresh';
  else if (name === 'retry' && value && Object.keys(value).every(k => ['baseDelay', 'maxDelay', 'multiplier'].includes(k))) for (const [k, v] of Object.entries(value)) form[k] = String(v);
  else return false;
  return true;
}

/** Which dead letters the address asks for. */
function selectionOf(query) {
  if (query.get('picked')) return {letters: picked()};
  if (query.get('letter')) return {letters: query.getAll('letter')};
  if (query.get('id')) return {ids: query.getAll('id')};
  return {filter: filterOf(lettersQuery(query))};
}

function Matching({selection}) {
  const params = selection.filter ? paramsOf(selection.filter) : null;
  const counted = useResource(params && withQuery('/v1/dead-letters/groups', `by=code${String(params) ? `&${params}` : ''}`), {key: String(params)});
  if (!params) return null;
  if (counted.loading) return html`<${Skeleton} rows=${2}/>`;
  if (!counted.data) return html`<${Failed} problem=${counted.problem} what="Their number" reload=${counted.reload}/>`;
  const {matched, groups, complete} = counted.data;
  return html`<div class="matching">
    <p class="bulk-number"><b id="matching">${complete ? '' : '≥ '}${exact(matched)}</b> match now${groups.length > 1 ? ':' : ''}</p>
    ${groups.length > 1 && html`<ul class="chips">${groups.slice(0, 12).map(g => html`<li key=${g.value}><code class="code-badge">${g.value}</code> ${exact(g.count)}</li>`)}</ul>`}
    <p class="soft"><a href=${withQuery('/dead-letters/list', params)}>Look at them</a>, or <a href=${withQuery('/dead-letters', params)}>choose others</a>. The plan holds those that match when it is made.</p></div>`;
}

export function PlanNew() {
  const {query} = useValue(route);
  const step = Math.min(LAST_STEP, Math.max(0, Number(query.get('step') || 0) || 0));
  const from = query.get('like');
  const old = useResource(from && `/v1/replays/${encodeURIComponent(from)}`);
  const [form, setForm] = useState({...EMPTY, action: ACTIONS[query.get('action')] ? query.get('action') : 'replay'});
  const [filled, setFilled] = useState(!from);
  const [by, setBy] = useState(who());
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const made = useRef({text: '', id: ''});
  const top = useRef(null);
  const before = useRef(step);
  useEffect(() => {
    if (filled || !old.data) return;
    setForm(formOf(old.data));
    setFilled(true);
  }, [old.data]);
  useEffect(() => {
    if (before.current !== step) {
      before.current = step;
      document.getElementById('main').scrollTop = 0;
      top.current?.focus({preventScroll: true});
    }
  }, [step]);
  const providers = useResource(step === 1 ? '/v1/providers' : null, {key: 'providers'});
  const models = [...new Set([...(providers.data?.routes || []).map(r => r.name), ...(providers.data?.providers || []).flatMap(p => [p.name, ...p.targets.map(t => t.target)])])].sort();
  const own = useMemo(() => selectionOf(query), [String(lettersQuery(query)), query.get('picked'), query.get('letter'), query.get('id')]);
  if (!filled) {
    return html`<${Page} title="New plan"><${Card} label="New plan">${old.problem ? html`<${Failed} problem=${old.problem} what="The plan that this one begins with" reload=${old.reload}/>` : html`<${Skeleton} rows=${8}/>`}</${Card}></${Page}>`;
  }
  const selection = from && old.data ? old.data.selection : own;
  const faults = faultsOf(problem);
  const set = name => e => {
    const value = e.currentTarget.type === 'checkbox' ? e.currentTarget.checked : e.currentTarget.value;
    setForm(f => ({...f, [name]: value}));
  };
  const input = (name, label, pointer, more = {}) => html`<label class="field">${label}
    <input name=${name} value=${form[name]} onInput=${set(name)} spellcheck=${false} autocomplete="off" aria-invalid=${faults[pointer] ? 'true' : undefined} ...${more}/>${faults[pointer] && html`<span class="field-note bad">${faults[pointer]}</span>`}</label>`;
  const choice = (name, label, options, pointer) => html`<label class="field">${label}
    <select name=${name} value=${form[name]} onChange=${set(name)}>${options.map(([k, t]) => html`<option key=${k} value=${k}>${t}</option>`)}</select>${faults[pointer] && html`<span class="field-note bad">${faults[pointer]}</span>`}</label>`;
  const go = to => setQuery({step: to || null});
  const replays = form.action === 'replay';
  const count = selection.letters?.length ?? selection.ids?.length;
  const none = count === 0;

  const make = async () => {
    let request;
    try {
      request = {by: by.trim(), ...requestOf(form, selection)};
    } catch (e) {
      setProblem({message: 'The patch is no JSON.', errors: [{pointer: '/patch', message: `is no JSON: ${e.message}`}]});
      go(1);
      return;
    }
    const text = JSON.stringify(request);
    // The same content sent twice is one plan.
    if (made.current.text !== text) made.current = {text, id: newPlanId()};
    setBusy(true);
    setProblem(null);
    try {
      keepWho(by.trim());
      const plan = await send('POST', '/v1/replays', {id: made.current.id, ...request});
      // The draft that this one replaces is dropped; where it was confirmed meanwhile, it stays.
      if (from && old.data?.state === 'draft') await send('POST', `/v1/replays/${encodeURIComponent(from)}/abort`, {by: by.trim(), version: old.data.version})
        .catch(e => e.status !== 409 && toast(`The former draft could not be dropped: ${e.message}`, 'warn'));
      // Who goes back comes to this plan's words.
      navigate(`/dead-letters/new?like=${plan.id}&step=${LAST_STEP}`, {replace: true});
      navigate(`/dead-letters/plans/${plan.id}`);
    } catch (e) {
      setProblem(e);
      setBusy(false);
      const first = Math.min(LAST_STEP, ...(e.errors || []).map(each => stepOf(each.pointer || '')));
      if (first !== step) go(first);
    }
  };
  const next = event => {
    event.preventDefault();
    if (step < LAST_STEP) go(step + 1);
    else make();
  };

  const which = html`<${Card} title="Which dead letters">
    ${none ? html`<p class="field-error">None is ticked. <a href="/dead-letters/list">Tick some in the list.</a></p>` : html`<${Facts} facts=${[['Chosen', selectionText({...selection, sample: undefined})]]}/>`}
    <${Matching} selection=${selection}/>
    ${Object.entries(faults).filter(([pointer]) => /^\/selection(?!\/sample|\/seed)/.test(pointer)).map(([pointer, message]) => html`<p key=${pointer} class="field-error" role="alert"><code>${pointer.replace('/selection', '')}</code> ${message}</p>`)}
    <div class="fields">
      ${choice('sample', 'Of these', [['all', 'all'], ['count', 'so many, drawn by chance'], ['percent', 'so many per cent, drawn by chance']], '/selection/sample')}
      ${form.sample !== 'all' && input('sampleSize', form.sample === 'count' ? 'How many' : 'Per cent', `/selection/sample/${form.sample}`, {inputmode: 'decimal', required: true})}
      ${form.sample !== 'all' && input('seed', 'Seed', '/selection/seed', {inputmode: 'numeric', placeholder: 'any'})}
    </div></${Card}>`;

  const what = html`<${Card} title="What is done with them">
    <div class="choices" role="radiogroup" aria-label="What is done with them">${Object.entries(ACTIONS).map(([key, {name, text}]) => html`<label key=${key} class=${form.action === key ? 'choice on' : 'choice'}>
      <input type="radio" name="action" value=${key} checked=${form.action === key} onChange=${set('action')}/><span><b>${name}</b><span class="sub">${text}</span></span></label>`)}</div>
    ${!replays && html`<div class="fields">${html`<label class="field wide">Reason, for the audit<input name="reason" maxlength="500" required value=${form.reason} onInput=${set('reason')} aria-invalid=${faults['/reason'] ? 'true' : undefined}/>${faults['/reason'] && html`<span class="field-note bad">${faults['/reason']}</span>`}</label>`}</div>`}
    </${Card}>
    ${replays && html`<${Card} title="Change on the way" extra="what is left empty stays as it was">
      <div class="fields">
        ${input('model', 'Model or route', '/override/model', {placeholder: 'as it was', list: 'models'})}<datalist id="models">${models.map(m => html`<option key=${m} value=${m}></option>`)}</datalist>
        ${choice('priority', 'Priority', [['', 'as it was'], ['high', 'high'], ['normal', 'normal'], ['low', 'low']], '/override/priority')}
        ${input('maxAttempts', 'Attempts at most', '/override/maxAttempts', {inputmode: 'numeric', placeholder: 'as it was'})}
        ${input('attemptTimeout', 'Timeout of an attempt', '/override/attemptTimeout', {placeholder: 'as it was; 90s, 5m'})}
        ${choice('expires', 'Expires', [['kept', 'as it was'], ['never', 'never'], ['at', 'at a time']], '/override')}
        ${form.expires === 'at' && input('expireAt', 'Time, in UTC', '/override/expireAt', {placeholder: '2030-01-31T12:00:00Z', required: true})}
        ${choice('cache', 'Cache', [['kept', 'as it was'], ['fresh', 'never from the cache'], ['usual', 'as is usual']], '/override/cache')}
      </div>
      <details class="more" open=${!!(form.baseDelay || form.maxDelay || form.multiplier)}><summary>Pauses between attempts</summary><div class="fields">
        ${input('baseDelay', 'First pause', '/override/retry/baseDelay', {placeholder: 'as it was; 2s'})}${input('maxDelay', 'Longest pause', '/override/retry/maxDelay', {placeholder: 'as it was; 5m'})}${input('multiplier', 'Times', '/override/retry/multiplier', {inputmode: 'decimal', placeholder: 'as it was'})}</div></details>
      <details class="more" open=${!!(form.patch || faults['/patch'])}><summary>JSON Patch of the submission</summary>
        <label class="field">Operations (RFC 6902), done before the fields above<textarea class="mono" name="patch" rows="7" spellcheck=${false} placeholder=${'[{"op": "replace", "path": "/input/maxOutputTokens", "value": 400}]'} value=${form.patch} onInput=${set('patch')} aria-invalid=${faults['/patch'] ? 'true' : undefined}></textarea>
          ${Object.entries(faults).filter(([pointer]) => pointer.startsWith('/patch')).map(([pointer, message]) => html`<span key=${pointer} class="field-note bad">${message}</span>`)}</label></details>
    </${Card}>`}`;

  const how = html`<${Card} title="Some of them first">
      <div class="fields">
        ${choice('canary', 'Canary', [['none', 'none: all at once'], ['count', 'so many first'], ['percent', 'so many per cent first']], '/canary')}
        ${form.canary !== 'none' && input('canarySize', form.canary === 'count' ? 'How many' : 'Per cent', `/canary/${form.canary}`, {inputmode: 'decimal', required: true})}
        ${form.canary !== 'none' && choice('then', 'When all of it has ended', [['stop', 'stop and wait for me'], ['go-on', 'go on where enough succeeded']], '/canary/then')}
        ${form.canary !== 'none' && form.then === 'go-on' && input('minSucceeded', 'Per cent that have to succeed', '/canary/minSucceeded', {inputmode: 'decimal', required: true})}
      </div></${Card}>
    <${Card} title="How fast">
      <div class="fields">
        ${input('perSecond', 'A second, at most', '/pace/perSecond', {inputmode: 'decimal', placeholder: 'as many as can'})}
        ${replays && input('inFlight', 'Under way at once, at most', '/pace/inFlight', {inputmode: 'numeric', placeholder: '1000'})}
        ${replays && !form.force && input('maxGeneration', 'Leave jobs that came back so often', '/maxGeneration', {inputmode: 'numeric', placeholder: '3'})}
      </div>
      ${replays && html`<label class="check-line"><input type="checkbox" name="force" checked=${form.force} onChange=${set('force')}/> <span>Also jobs that came back again and again <span class="soft">(no loop guard)</span></span></label>`}
      ${faults['/force'] && html`<p class="field-note bad">${faults['/force']}</p>`}</${Card}>
    <${Card} title="For others"><div class="fields">
      ${input('name', 'Name of the plan', '/name', {maxlength: '200', placeholder: 'its id'})}
      <${Who} value=${by} change=${setBy} error=${faults['/by']}/></div></${Card}>`;

  const shown = [which, what, how][step];
  const pointers = new Set(Object.keys(faults));
  return html`<${Page} title="New plan" note="Nothing happens to any dead letter before you confirm the preview.">
    <${Steps} at=${step} hrefOf=${i => {
      const other = new URLSearchParams(query);
      if (i) other.set('step', String(i));
      else other.delete('step');
      return withQuery('/dead-letters/new', other);
    }}/>
    <form class="wizard" onSubmit=${next} ref=${top} tabindex="-1" aria-label=${['Which dead letters', 'What is done with them', 'How it is done'][step]}>
      ${problem && html`<div class="field-error" role="alert"><p>${pointers.size > 0 ? problem.title || problem.message : problem.message}</p>${pointers.size > 0 && html`<ul>${[...pointers].map(p => html`<li key=${p}><code>${p}</code> ${faults[p]}</li>`)}</ul>`}</div>`}
      ${from && old.data && html`<p class="soft">Begins with the words of <a href=${`/dead-letters/plans/${from}`}>${old.data.name}</a>, made ${time(old.data.createdAt)}${old.data.state === 'draft' ? '; that draft is dropped when the new plan is made' : ''}.</p>`}
      ${shown}
      <footer class="wizard-foot">
        ${step > 0 ? html`<button type="button" class="button" onClick=${() => go(step - 1)}>Back</button>` : html`<a class="button" href="/dead-letters">Back</a>`}
        <span class="grow soft">${count != null ? plural(count, selection.ids ? 'job' : 'dead letter') : ''}</span>
        <button class="button primary" disabled=${busy || none}>${step < LAST_STEP ? 'Next' : busy ? 'Making the plan…' : 'Make the plan and preview it'}</button>
      </footer>
    </form>
  </${Page}>`;
}
