// One job: where it is, where its time went, what came of it, what to do next.
import {html, useEffect, useMemo, useRef, useState, useValue} from '../lib.js';
import {get, send} from '../api.js';
import {now, currency, visible, useResource} from '../live.js';
import {navigate} from '../router.js';
import {Page, Card, State, Ago, Failed, Skeleton, Facts, Id, Copy, Source, Confirm, Dialog, Stale, toast} from '../ui.js';
import {WhyFailed, Attempts} from '../failure.js';
import {duration, isoMillis, instant, money, exact, time, none, relative, shortId} from '../format.js';

const ENDED = new Set(['succeeded', 'dead-lettered', 'cancelled', 'expired']);
const RELOAD_MS = 250;
const MAX_SHOWN_ANSWER = 200_000;

/** Follows a job that has not ended: `changed` on each step of its life; the answer as it is written. */
function useLife(id, live, changed) {
  const [writing, setWriting] = useState(null);
  const shown = useValue(visible);
  useEffect(() => {
    if (!live || !shown) return undefined;
    let timer = 0;
    let text = '';
    let attempt = 0;
    let told = 0;
    let frame = 0;
    const source = new EventSource(`/v1/jobs/${id}/events`);
    const soon = () => {
      if (!timer) {
        timer = setTimeout(() => {
          timer = 0;
          changed();
        }, RELOAD_MS);
      }
    };
    for (const name of ['accepted', 'started', 'retry-scheduled', 'finished']) source.addEventListener(name, soon);
    source.addEventListener('finished', () => source.close());
    source.addEventListener('progress', event => {
      let piece;
      try {
        piece = JSON.parse(event.data);
      } catch {
        return;
      }
      if (piece.attempt !== attempt || piece.from === 0) {
        text = '';
        told = 0;
      }
      attempt = piece.attempt;
      text = (text + (piece.from > told ? ' … ' : '') + piece.text).slice(-MAX_SHOWN_ANSWER);
      told = piece.from + piece.text.length;
      if (!frame) {
        frame = setTimeout(() => {
          frame = 0;
          setWriting({attempt, text});
        }, RELOAD_MS);
      }
    });
    return () => {
      source.close();
      clearTimeout(timer);
      clearTimeout(frame);
    };
  }, [id, live, shown]);
  return writing;
}

/** The pieces of the job's time, in order: {kind, from, to, label}. */
function timeline(job, t) {
  const parts = [];
  const put = (kind, from, to, label, attempt) => {
    if (to > from) parts.push({kind, from, to, label, attempt});
  };
  const accepted = instant(job.acceptedAt);
  const attempts = job.attempts || [];
  const finished = instant(job.finishedAt);
  let at = accepted;
  attempts.forEach((a, i) => {
    const start = instant(a.startedAt);
    const end = start + (isoMillis(a.latency) || 0);
    const limit = Math.min(a.waits?.limitMillis || 0, Math.max(0, start - at));
    put(i ? 'pause' : 'wait', at, start - limit, i ? 'Pause before the retry' : 'Waited for a worker', a.number);
    put('limit', start - limit, start, 'Held by a limit, a breaker or a budget', a.number);
    put(a.failure ? 'failed' : 'call', start, end, a.failure ? `Call failed: ${a.failure.code}` : 'Call answered', a.number);
    at = end;
  });
  if (finished) {
    put(attempts.length ? 'commit' : 'wait', at, finished, attempts.length ? 'Written and committed' : 'Waited', attempts.length);
    return {from: accepted, to: Math.max(finished, at), parts};
  }
  const asked = instant(job.retryNowRequestedAt);
  const due = asked || instant(job.dueAt);
  if (job.state === 'running') put('running', at, t, `Attempt ${job.runningAttempt} runs (with its wait)`, job.runningAttempt);
  else if (due && due > at) {
    put('pause', at, Math.min(due, Math.max(t, at)), attempts.length ? 'Pause before the retry' : 'Not to run before its time');
    if (asked) put('wait', Math.max(asked, at), t, 'Asked to run now');
    put('ahead', Math.max(t, at), due, 'Still to wait');
  } else put('wait', at, t, 'Waits for a worker');
  return {from: accepted, to: Math.max(t, due || 0, at), parts};
}

const KINDS = {wait: 'Wait', limit: 'Limit', call: 'Call', failed: 'Failed call', pause: 'Pause', commit: 'Commit', running: 'Running', ahead: 'Still to wait'};

/** An amount with its currency, where it is one. */
const priced = (nanos, unit) => (nanos == null ? none : `${money(nanos)} ${unit}`.trim());

function Timeline({job}) {
  const unit = useValue(currency);
  const tick = useValue(now);
  const t = ENDED.has(job.state) ? 0 : tick;
  const {from, to, parts} = timeline(job, t);
  const span = Math.max(1, to - from);
  const present = Object.keys(KINDS).filter(k => parts.some(p => p.kind === k));
  const attempts = job.attempts || [];
  return html`<div class="timeline">
    <div class="track" role="img" aria-label=${`Over ${duration(span)}: ${parts.map(p => `${p.label} ${duration(p.to - p.from)}`).join(', ')}`}>
      ${parts.map((p, i) => html`<i key=${i} class=${`part p-${p.kind}`} title=${`${p.label}: ${duration(p.to - p.from)}`}
        style=${{left: `${(((p.from - from) / span) * 100).toFixed(3)}%`, width: `max(2px, ${(((p.to - p.from) / span) * 100).toFixed(3)}%)`}}></i>`)}
    </div>
    <div class="track-scale" aria-hidden="true"><span>${time(job.acceptedAt)}</span><span>${duration(span)}</span></div>
    <ul class="legend">${present.map(k => html`<li key=${k}><i class=${`key p-${k}`}></i>${KINDS[k]} <b>${duration(parts.filter(p => p.kind === k).reduce((sum, p) => sum + p.to - p.from, 0))}</b></li>`)}</ul>
    ${attempts.length > 0 && html`<${Attempts} attempts=${attempts} unit=${unit}/>`}
  </div>`;
}

function Output({output}) {
  if (output.kind === 'generate' || typeof output.text === 'string') return html`<${Source} value=${output.text} label="the output"/>`;
  if (Array.isArray(output.sentences)) return html`<ol class="sentences">${output.sentences.map((s, i) => html`<li key=${i}>${s}</li>`)}</ol>`;
  const scored = output.labels || output.languages;
  if (Array.isArray(scored)) {
    return html`<ul class="scores">${scored.slice(0, 50).map((l, i) => html`<li key=${i}><span class="ellipsis">${l.label}</span>
      <span class="bar"><i style=${{width: `${Math.max(0, Math.min(1, Number(l.score) || 0)) * 100}%`}}></i></span><span class="num">${(Number(l.score) || 0).toFixed(3)}</span></li>`)}</ul>`;
  }
  if (Array.isArray(output.vector)) {
    return html`<p>${exact(output.vector.length)} dimensions, of unit length.</p><${Source} value=${JSON.stringify(output.vector)} limit=${400} label="the vector"/>`;
  }
  return html`<${Source} value=${output.value ?? output} label="the output"/>`;
}

const UNITS = [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1_000]];

/** A length of time as the API takes it. */
function lasting(iso) {
  const millis = isoMillis(iso);
  const unit = UNITS.find(([, size]) => millis % size === 0);
  return unit ? `${millis / unit[1]}${unit[0]}` : `${millis}ms`;
}

/** What the API takes, of the view of a job and, where they are still held, its record and its input. */
function requestOf(job, kept, input) {
  const {kind, ...fields} = input || {};
  const request = {kind: job.kind, model: job.model, input: fields};
  if (job.tenant && job.tenant !== 'default') request.tenant = job.tenant;
  if (job.maxAttempts) request.maxAttempts = job.maxAttempts;
  if (kept?.attemptTimeout) request.attemptTimeout = lasting(kept.attemptTimeout);
  if (kept?.expireAt && instant(kept.expireAt) > Date.now()) request.expireAt = kept.expireAt;
  if (kept?.retry) {
    const {baseDelay, maxDelay, multiplier} = kept.retry;
    request.retry = {};
    if (baseDelay) request.retry.baseDelay = lasting(baseDelay);
    if (maxDelay) request.retry.maxDelay = lasting(maxDelay);
    if (multiplier) request.retry.multiplier = multiplier;
  }
  if (kept?.priority) request.priority = kept.priority;
  if (kept?.progress) request.progress = true;
  if (kept?.cache) {
    const {allowed, ttl, tags} = kept.cache;
    request.cache = allowed === false ? false : {};
    if (request.cache && ttl) request.cache.ttl = lasting(ttl);
    if (request.cache && tags?.length) request.cache.tags = tags;
  }
  if (job.labels && Object.keys(job.labels).length) request.labels = job.labels;
  if (job.orderingKey) request.orderingKey = job.orderingKey;
  if (job.orderingKey && kept?.onDeadLetter) request.onDeadLetter = kept.onDeadLetter;
  return request;
}

function CloneDialog({job, onClose}) {
  const [text, setText] = useState(null);
  const [missing, setMissing] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const key = useRef(crypto.randomUUID?.() || `${Date.now()}-${Math.random()}`);
  const wrote = useRef('');
  useEffect(() => {
    let gone = false;
    const held = path => get(`/v1/jobs/${job.id}${path}`).catch(e => {
      if (!gone) setMissing(e);
      return null;
    });
    Promise.all([held('/records'), held('/input')]).then(([records, input]) => {
      const kept = records?.records?.find(r => r.value?.job)?.value.job;
      if (!gone) setText(JSON.stringify(requestOf(job, kept, input), null, 2));
    });
    return () => {
      gone = true;
    };
  }, [job.id]);
  const submit = async event => {
    event.preventDefault();
    let request;
    try {
      request = JSON.parse(text);
    } catch (e) {
      setProblem({message: `That is no JSON: ${e.message}`, errors: []});
      return;
    }
    // The same text sent twice is one job; another text is another one.
    if (wrote.current && wrote.current !== text) key.current = crypto.randomUUID?.() || `${Date.now()}-${Math.random()}`;
    wrote.current = text;
    setBusy(true);
    setProblem(null);
    try {
      const accepted = await send('POST', '/v1/jobs', request, {'idempotency-key': `dashboard-${key.current}`});
      toast('Accepted as a new job');
      onClose();
      if (accepted?.id) navigate(`/jobs/${accepted.id}`);
    } catch (e) {
      setProblem(e);
      setBusy(false);
    }
  };
  return html`<${Dialog} title="Edit and send as a new job" onClose=${onClose} wide>
    <form onSubmit=${submit}>
      <div class="dialog-text">
        ${missing && html`<p class="stale">Not all of it can be had (${missing.message}); write anew what is missing.</p>`}
        <label class="field">Request, as JSON
          ${text == null ? html`<${Skeleton} rows=${8}/>` : html`<textarea class="mono" rows="18" spellcheck=${false} value=${text} onInput=${e => setText(e.currentTarget.value)} aria-invalid=${problem ? 'true' : undefined}></textarea>`}</label>
        ${problem && html`<div class="field-error" role="alert"><p>${problem.message}</p>
          ${problem.errors?.length > 0 && html`<ul>${problem.errors.map((e, i) => html`<li key=${i}><code>${e.pointer || ''}</code> ${e.message || String(e)}</li>`)}</ul>`}</div>`}
      </div>
      <footer class="dialog-foot"><button type="button" class="button" onClick=${onClose}>Back</button>
        <button class="button primary" disabled=${busy || text == null}>${busy ? 'Sending…' : 'Send as a new job'}</button></footer>
    </form>
  </${Dialog}>`;
}

function Records({id}) {
  const records = useResource(`/v1/jobs/${id}/records`);
  if (records.loading) return html`<${Skeleton} rows=${4}/>`;
  if (!records.data) return html`<${Failed} problem=${records.problem} what="The raw records" reload=${records.reload}/>`;
  const list = records.data.records || [];
  if (!list.length) return html`<p class="soft pad">The topics hold no record of it any more.</p>`;
  return html`<div class="records">${list.map(r => html`<details key=${`${r.topic}-${r.partition}-${r.offset}`}>
    <summary><code>${r.topic}</code> <span class="soft">partition ${r.partition}, offset ${r.offset}</span> <time class="soft" title=${r.timestamp}>${time(r.timestamp)}</time></summary>
    ${r.headers && Object.keys(r.headers).length > 0 && html`<${Facts} facts=${Object.entries(r.headers)}/>`}
    <${Source} value=${r.value} label="the record"/>
  </details>`)}</div>`;
}

/** Reads only once it is opened. */
function Fold({title, children}) {
  const [open, setOpen] = useState(false);
  return html`<details class="card fold" onToggle=${e => setOpen(e.currentTarget.open)}><summary><h2>${title}</h2></summary>${open && children()}</details>`;
}

export function Job({id}) {
  const [alive, setAlive] = useState(false);
  // The events say at once when something changes; where they do not come, this does.
  const view = useResource(`/v1/jobs/${id}`, {key: id, every: alive ? 5_000 : 0});
  const job = view.data;
  const ended = job && ENDED.has(job.state);
  useEffect(() => setAlive(job != null && !ended), [job != null, ended]);
  const writing = useLife(id, job != null && !ended, view.reload);
  const result = useResource(ended && job.state === 'succeeded' ? `/v1/jobs/${id}/result` : null);
  const input = useResource(job ? `/v1/jobs/${id}/input` : null);
  const [dialog, setDialog] = useState(null);
  const t = useValue(now);
  const unit = useValue(currency);
  const tokens = useMemo(() => {
    const sum = {in: 0, out: 0, cached: 0};
    for (const a of job?.attempts || []) {
      sum.in += a.served?.inputTokens || 0;
      sum.out += a.served?.outputTokens || 0;
      sum.cached += a.served?.cachedTokens || 0;
    }
    return sum;
  }, [job]);
  if (!job) {
    return html`<${Page} title="Job"><${Card} label="Job">${view.loading ? html`<${Skeleton} rows=${8}/>`
      : view.problem?.status === 404 ? html`<div class="notice failed"><p class="notice-title">There is no such job</p><p>${view.problem.message}</p><p class="soft">Check the id, or <a href="/jobs">look for it</a>.</p></div>`
        : html`<${Failed} problem=${view.problem} what="The job" reload=${view.reload}/>`}</${Card}></${Page}>`;
  }
  const act = (name, method, path, done) => ({name, run: async () => {
    await send(method, `/v1/jobs/${id}${path}`);
    toast(done);
    view.reload();
  }});
  const waits = job.state === 'waiting' || job.state === 'scheduled';
  const hurried = job.retryNowRequestedAt;
  const hurry = job.state === 'waiting' ? 'Retry now' : 'Run now';
  const actions = html`
    ${waits && html`<button class="button" disabled=${!!hurried} onClick=${() => setDialog('retry')}>${hurried ? 'Asked to run now' : `${hurry}…`}</button>`}
    ${job.state === 'dead-lettered' && job.orderingKey ? html`<button class="button" onClick=${() => setDialog('release')}>Release</button>` : null}
    ${job.state === 'dead-lettered' ? html`<a class="button" href=${`/dead-letters/new?id=${id}`}>Replay…</a>` : null}
    <button class="button" onClick=${() => setDialog('clone')}>Edit and clone…</button>
    ${!ended && html`<button class="button danger" disabled=${job.cancelRequested} onClick=${() => setDialog('cancel')}>${job.cancelRequested ? 'Cancel requested' : 'Cancel…'}</button>`}`;
  const close = () => setDialog(null);
  const cancel = act('Cancel', 'DELETE', '', 'Cancellation requested');
  const retry = act(hurry, 'POST', '/retry-now', 'Asked to run now');
  const release = act('Release', 'POST', '/release', 'Release requested');
  const lasted = (ended ? instant(job.finishedAt) : t) - instant(job.acceptedAt);
  return html`<${Page} title=${`Job ${shortId(id)}`} actions=${actions}>
    <div class="job-head">
      <${State} state=${job.state}/><${Id} id=${id} full/><${Copy} text=${id} label="Copy the id"/>
      <span class="soft">${job.kind} with ${job.model}</span>
    </div>
    <${Stale} problem=${view.problem}/>
    <${Card} label="Facts"><${Facts} facts=${[
      ['Accepted', html`<${Ago} at=${job.acceptedAt}/>`],
      [ended ? 'Took' : 'Since then', duration(lasted)],
      job.finishedAt ? ['Finished', html`<${Ago} at=${job.finishedAt}/>`] : job.dueAt ? ['Due', hurried ? html`now; asked for <${Ago} at=${hurried}/>` : relative(job.dueAt, t)] : null,
      ['Attempts', `${(job.attempts || []).length} of ${job.maxAttempts}`],
      ['Tokens in / out', tokens.in + tokens.out ? `${exact(tokens.in)} / ${exact(tokens.out)}` : none],
      ['Cost', priced(job.costNanos, unit)],
      job.wastedCalls ? ['Wasted calls', `${exact(job.wastedCalls)}${job.wastedCostNanos ? `, about ${priced(job.wastedCostNanos, unit)}` : ''}`] : null,
      ['Tenant', job.tenant || 'default'],
      job.orderingKey ? ['Ordering key', job.orderingKey] : null,
      job.generation ? ['Generation', job.generation] : null,
      job.expireAt ? ['Expires', relative(job.expireAt, t)] : null,
      job.traceId ? ['Trace', html`<span class="id" title=${job.traceId}>${job.traceId.slice(0, 16)}…</span><${Copy} text=${job.traceId} label="Copy the trace id"/>`] : null,
    ]}/>
      ${job.labels && Object.keys(job.labels).length > 0 && html`<ul class="labels" aria-label="Labels">${Object.entries(job.labels).map(([k, v]) =>
        html`<li key=${k}><a href=${`/jobs?label=${encodeURIComponent(`${k}:${v}`)}`}>${k}: ${v}</a></li>`)}</ul>`}
    </${Card}>
    ${job.failure && html`<${Card} title="Why it was dead-lettered" className="bad-edge"><${WhyFailed} failure=${job.failure}/></${Card}>`}
    <${Card} title="Where the time went"><${Timeline} job=${job}/></${Card}>
    <div class="grid two even">
      <${Card} title="Input">${input.loading ? html`<${Skeleton} rows=${4}/>` : input.data ? html`<${Source} value=${input.data} label="the input"/>`
        : html`<p class="soft pad">${input.problem?.status === 410 ? 'The topics no longer hold the input.' : `The input can’t be had: ${input.problem?.message || ''}`}</p>`}</${Card}>
      <${Card} title="Output">${result.data?.output ? html`<${Output} output=${result.data.output}/>`
        : job.state === 'succeeded' ? result.problem ? html`<${Failed} problem=${result.problem} what="The output" reload=${result.reload}/>` : html`<${Skeleton} rows=${4}/>`
          : writing ? html`<p class="soft">Being written, attempt ${writing.attempt}; only the outcome counts.</p><pre class="writing" tabindex="0" aria-label="The answer so far">${writing.text}</pre>`
            : html`<p class="soft pad">${ended ? 'There is none: the job did not succeed.' : 'Not yet.'}</p>`}</${Card}>
    </div>
    <${Fold} title="Raw records">${() => html`<${Records} id=${id}/>`}</${Fold}>
    <${Fold} title="The view as JSON">${() => html`<${Source} value=${job} label="the view"/>`}</${Fold}>
    ${dialog === 'cancel' && html`<${Confirm} title="Cancel this job?" action="Cancel the job" danger run=${cancel.run} onClose=${close}>
      <p>A running call is interrupted. It is final when the job’s state is cancelled; another outcome may be first.</p></${Confirm}>`}
    ${dialog === 'retry' && html`<${Confirm} title=${`${hurry}?`} action=${hurry} run=${retry.run} onClose=${close}>
      <p>The next attempt is due at once instead of ${relative(job.dueAt, t)}. It counts as one of ${job.maxAttempts}; limits and budgets hold as ever.</p></${Confirm}>`}
    ${dialog === 'release' && html`<${Confirm} title="Release the ordering key?" action="Release" run=${release.run} onClose=${close}><p>The jobs behind this dead letter, with the ordering key ${job.orderingKey}, go on without it.</p></${Confirm}>`}
    ${dialog === 'clone' && html`<${CloneDialog} job=${job} onClose=${close}/>`}
  </${Page}>`;
}
