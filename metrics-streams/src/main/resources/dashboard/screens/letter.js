// One dead letter with everything that is known of it.
import {html, useEffect, useMemo, useState, useValue} from '../lib.js';
import {get} from '../api.js';
import {currency, useResource} from '../live.js';
import {Page, Card, Badge, Ago, Failed, Skeleton, Facts, Id, Copy, Source} from '../ui.js';
import {WhyFailed, Attempts} from '../failure.js';
import {Standing, withQuery} from '../letters.js';
import {bind} from '../keys.js';
import {exact, plural, time} from '../format.js';

const KINDS = ['job', 'event', 'dead-letter', 'ordered', 'cancel-request', 'retry-now-request', 'cache', 'limit-report', 'partial-answer', 'spend-report', 'worker-report', 'worker-command', 'ledger', 'plan', 'audit'];
const MAX_HEX_BYTES = 65_536;
const FIRST_HEX_BYTES = 4_096;

/** Sixteen bytes a line: place, hexadecimal, and what of it is printable ASCII. */
function hexLines(bytes) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const part = bytes.slice(at, at + 16);
    const hex = Array.from(part, b => b.charCodeAt(0).toString(16).padStart(2, '0'));
    const left = hex.slice(0, 8).join(' ').padEnd(23);
    const right = hex.slice(8).join(' ').padEnd(23);
    lines.push(`${at.toString(16).padStart(6, '0')}  ${left}  ${right}  ${part.replace(/[^\x20-\x7e]/g, '.')}`);
  }
  return lines.join('\n');
}

function Bytes({raw, name}) {
  const [as, setAs] = useState('text');
  const [all, setAll] = useState(false);
  const bytes = useMemo(() => {
    try {
      return atob(raw?.base64 || '');
    } catch {
      return '';
    }
  }, [raw]);
  if (!raw || raw.base64 == null) return html`<p class="soft pad">There are none.</p>`;
  const shown = bytes.slice(0, all ? MAX_HEX_BYTES : FIRST_HEX_BYTES);
  return html`<div class="bytes">
    <div class="line"><span class="soft">${plural(raw.bytes ?? bytes.length, 'byte')}</span><span class="grow"></span>${as === 'hex' && html`<${Copy} text=${hexLines(shown)} label=${`Copy ${name} in hexadecimal`}/>`}
      <div class="segments" role="group" aria-label="Show as">${[['text', 'Text'], ['hex', 'Hex'], ['base64', 'Base64']].map(([k, t]) => html`<button key=${k} aria-pressed=${as === k ? 'true' : 'false'} onClick=${() => setAs(k)}>${t}</button>`)}</div></div>
    ${as === 'hex' ? html`<div class="source hex"><pre tabindex="0" aria-label=${`${name} in hexadecimal`}>${hexLines(shown)}</pre>
        ${bytes.length > shown.length && (all ? html`<p class="soft">The first ${exact(MAX_HEX_BYTES)} bytes.</p>` : html`<button class="button small" onClick=${() => setAll(true)}>Show ${bytes.length > MAX_HEX_BYTES ? `the first ${exact(MAX_HEX_BYTES)}` : `all ${exact(bytes.length)}`} bytes</button>`)}</div>`
      : html`<${Source} value=${as === 'text' ? raw.text || '' : raw.base64} label=${name}/>`}
  </div>`;
}

/** Reads a record that nobody could read in a way that someone chooses. */
function Decode({letter}) {
  const [codec, setCodec] = useState('job');
  const [version, setVersion] = useState('');
  const [told, setTold] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const read = async event => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    setTold(null);
    try {
      const query = new URLSearchParams({codec});
      if (version.trim()) query.set('version', version.trim());
      setTold(await get(withQuery(`/v1/dead-letters/${letter}/decoded`, query)));
    } catch (e) {
      setProblem(e);
    }
    setBusy(false);
  };
  return html`<form class="decode" onSubmit=${read}>
    <p class="soft">Whoever wrote it may have meant another kind of record, or another version of the format.</p>
    <div class="fields">
      <label class="field">Kind of record<select value=${codec} onChange=${e => setCodec(e.currentTarget.value)}>${KINDS.map(k => html`<option key=${k} value=${k}>${k}</option>`)}</select></label>
      <label class="field">Version<input inputmode="numeric" placeholder="as it says" value=${version} onInput=${e => setVersion(e.currentTarget.value)}/></label>
      <button class="button" disabled=${busy}>${busy ? 'Reading…' : 'Read it so'}</button>
    </div>
    ${problem && html`<p class="field-error" role="alert">${problem.errors?.[0]?.message ? `${(problem.errors[0].pointer || '').slice(1)} ${problem.errors[0].message}` : problem.message}</p>`}
    ${told && (told.value != null ? html`<p role="status"><${Badge} tone="ok" sign="✓">It can be read as ${told.codec}</${Badge}></p><${Source} value=${told.value} label="what it says"/>`
      : html`<p class="field-error" role="status">It is no ${told.codec}: ${told.reason}</p>`)}
  </form>`;
}

function place(origin) {
  return typeof origin === 'string' ? origin : `${origin.topic}, partition ${origin.partition}, offset ${origin.offset}`;
}

export function Letter({letter}) {
  const found = useResource(`/v1/dead-letters/${encodeURIComponent(letter)}`);
  const unit = useValue(currency);
  useEffect(() => bind({r: found.reload}), []);
  const l = found.data;
  if (!l) {
    return html`<${Page} title=${`Dead letter ${letter}`}><${Card} label="Dead letter">${found.loading ? html`<${Skeleton} rows=${8}/>`
      : found.problem?.code === 'dead_letter_not_found' ? html`<div class="notice failed"><p class="notice-title">There is no such dead letter</p><p>${found.problem.message}</p><p class="soft"><a href="/dead-letters/list">To the list</a></p></div>`
        : html`<${Failed} problem=${found.problem} what="The dead letter" reload=${found.reload}/>`}</${Card}></${Page}>`;
  }
  const record = l.type === 'job' ? l.record : null;
  const origin = record?.origin || l.origin;
  const open = l.standing === 'open';
  const jobId = l.jobId || record?.job?.id;
  const actions = html`${open && l.type === 'job' && html`<a class="button primary" href=${`/dead-letters/new?letter=${l.letter}`}>Replay…</a>`}
    ${open && html`<a class="button" href=${`/dead-letters/new?letter=${l.letter}&action=discard`}>Discard…</a>`}
    ${jobId && html`<a class="button" href=${`/jobs/${jobId}`}>To its job</a>`}`;
  return html`<${Page} title=${`Dead letter ${l.letter}`} actions=${actions}>
    <div class="job-head"><${Standing} standing=${l.standing}/>${l.type !== 'job' && html`<${Badge} tone="bad" sign="!">${l.type === 'poison' ? 'Poison' : 'Unreadable'}</${Badge}>`}
      <span class="id">${l.letter}</span><${Copy} text=${l.letter} label="Copy the place"/>${l.kind && html`<span class="soft">${l.kind} with ${l.model}</span>`}</div>
    <${Card} label="Facts"><${Facts} facts=${[
      jobId ? ['Job', html`<a href=${`/jobs/${jobId}`}><${Id} id=${jobId}/></a>`] : null,
      ['Failed', html`<${Ago} at=${l.at}/>`], ['Written', time(l.writtenAt)],
      l.type === 'job' ? ['Generation that failed', exact(l.generation)] : null,
      l.type === 'job' ? ['Tenant', l.tenant || 'default'] : null,
      l.priority ? ['Priority', l.priority] : null, l.provider ? ['Provider', l.provider] : null,
      origin ? ['Came from', place(origin)] : null,
      l.originalBytes ? ['Bytes it had', exact(Number(l.originalBytes))] : null,
      ['Alike', html`<a class="id" href=${`/dead-letters/list?fingerprint=${l.fingerprint}&standing=any`}>${l.fingerprint}</a>`],
    ]}/>
      ${l.labels && html`<ul class="labels" aria-label="Labels">${Object.entries(l.labels).map(([k, v]) => html`<li key=${k}><a href=${`/dead-letters/list?label=${encodeURIComponent(`${k}:${v}`)}`}>${k}: ${v}</a></li>`)}</ul>`}
    </${Card}>
    <${Card} title=${record ? 'Why it was dead-lettered' : 'Why it can’t be read'} className="bad-edge"><${WhyFailed} failure=${record?.reason || {code: l.code, message: l.reason || l.message}}/></${Card}>
    ${record && html`<${Card} title="What was tried">${record.attempts?.length ? html`<${Attempts} attempts=${record.attempts} unit=${unit}/>` : html`<p class="soft pad">Nothing: it failed before any call.</p>`}</${Card}>`}
    ${!record && html`<${Card} title="Read it in another way"><${Decode} letter=${l.letter}/></${Card}>`}
    <div class=${l.submission ? 'grid two even' : 'grid'}>
      ${l.submission && html`<${Card} title="What a plan can change" extra="the submission that would ask for the job"><${Source} value=${l.submission} label="the submission"/></${Card}>`}
      <${Card} title="Bytes of the record"><${Bytes} raw=${l.value} name="the value"/></${Card}>
    </div>
    <${Card} title="Key and headers"><${Facts} facts=${[['Key', l.key?.text != null ? html`<code>${l.key.text}</code>` : null],
      ...(l.headers || []).map(h => [h.name, html`<code title=${h.base64}>${h.text}</code>`])]}/></${Card}>
  </${Page}>`;
}
