// One plan: its preview, how far it has come, and how it is moved on.
import {html, useEffect, useState, useValue} from '../lib.js';
import {get} from '../api.js';
import {currency, useResource} from '../live.js';
import {Page, Card, Ago, Failed, Skeleton, Stale, Facts, Id, Copy, Source} from '../ui.js';
import {paramsOf, withQuery} from '../letters.js';
import {ACTIONS, Changes, CommandDialog, MOVING, PlanState, Progress, Steps, commandName, commandsOf, isDangerous, reasonText, refusedOf, selectionText, totalOf} from '../plans.js';
import {Entries} from '../audit.js';
import {bind} from '../keys.js';
import {duration, exact, money, none, percent, plural} from '../format.js';

const QUICK_MS = 1_000;
const CALM_MS = 5_000;
const PAGE_SIZE = 50;

/** What its state means now, in a sentence. */
function meaning(plan) {
  const p = plan.progress || {};
  const open = p.open ? `${plural(p.open, 'job')} still ${p.open === 1 ? 'runs or waits' : 'run or wait'}.` : '';
  const canary = plan.selected?.canary || 0;
  const begins = plan.obeyed === false ? 'Some partitions have yet to hear of it; until then they go on.' : 'Nothing new begins.';
  switch (plan.state) {
    case 'selecting': return 'The dead letters that match are looked for. Nothing is done to them.';
    case 'draft': return totalOf(plan) ? 'Nothing has happened yet. Look at the preview, then confirm it or change it.' : 'It selects no dead letter, so there is nothing to confirm.';
    case 'running': return plan.stage === 'canary' && canary ? `The canary of ${exact(canary)} goes first; the other ${exact(plan.selected.rest)} wait for how it ends. ${open}` : open || 'It is at work.';
    case 'canary-report': return `All of the canary has ended: ${exact(p.succeeded || 0)} of ${exact(canary)} succeeded${p.deadLettered ? `, ${exact(p.deadLettered)} came back dead-lettered` : ''}. ${exact(plan.selected?.rest || 0)} wait for you.`;
    case 'paused': return `${begins} ${open}`;
    case 'aborting': return `${begins} ${open} It is aborted when all have ended.`;
    case 'aborted': return plan.note && !totalOf(plan) ? plan.note : p.decided ? `Nothing more begins. What was not begun is still dead-lettered. ${open}` : 'Nothing was done to any dead letter.';
    case 'undoing': return `${begins} ${plural(p.cancelsAsked || 0, 'job')} asked to be cancelled. ${open}`;
    case 'undone': return `${plural(p.cancelled || 0, 'job')} cancelled. What had ended before stays as it is.`;
    case 'done': return 'All of it is done.';
    default: return plan.note || '';
  }
}

function Tops({title, values, total}) {
  if (!values?.length) return null;
  return html`<section class="tops"><h3>${title}</h3><ul>${values.slice(0, 8).map(v => html`<li key=${v.value}><span class="ellipsis" title=${v.value}>${v.value || none}</span><span class="bar"><i style=${{width: `${total ? Math.min(100, (v.count / total) * 100) : 0}%`}}></i></span><span class="num">${exact(v.count)}</span></li>`)}</ul></section>`;
}

function Preview({plan}) {
  const unit = useValue(currency);
  const v = plan.preview;
  const e = v.expected || {};
  const left = (v.refused || []).reduce((sum, r) => sum + r.count, 0);
  const replays = plan.action === 'replay';
  return html`<${Card} title="Preview" extra=${html`as of <${Ago} at=${plan.createdAt}/>, ${exact(v.scanned)} looked at`}>
    <dl class="figures">
      <div><dt>Selected</dt><dd>${exact(v.selected)}</dd></div>
      ${v.canary > 0 && html`<div><dt>Canary</dt><dd>${exact(v.canary)}</dd></div>`}
      <div><dt>Left out</dt><dd>${exact(left)}</dd></div>
      ${replays && html`<div><dt>Calls</dt><dd>${exact(e.calls)}</dd></div>
        <div><dt>Cost</dt><dd>${e.costNanos == null ? html`<small>not known</small>` : html`≈ ${money(e.costNanos)} <small>${e.currency || unit}</small>`}</dd></div>
        <div><dt>Time</dt><dd>${e.seconds == null ? html`<small>not known</small>` : `≈ ${duration(e.seconds * 1000)}`}</dd></div>`}
    </dl>
    ${replays && e.basis && html`<p class="soft basis">Expected by: ${e.basis}.</p>`}
    ${left > 0 && html`<h3>Left out, and why</h3><div class="scroll-x"><table class="table"><thead><tr><th>Reason</th><th class="num">Number</th><th>Examples</th></tr></thead><tbody>
      ${v.refused.map(r => html`<tr key=${r.reason}><td>${reasonText(r.reason)}${r.detail && html`<span class="sub wrap">${r.detail}</span>`}</td><td class="num">${exact(r.count)}</td>
        <td><span class="links">${(r.examples || []).map(l => html`<a key=${l} href=${`/dead-letters/letters/${l}`}>${l}</a>`)}</span></td></tr>`)}</tbody></table></div>`}
    ${v.selected > 0 && html`<div class="tops-grid">${[['code', 'Code'], ['provider', 'Provider'], ['model', 'Model or route'], ['tenant', 'Tenant'], ['kind', 'Kind']].map(([k, t]) => html`<${Tops} key=${k} title=${t} values=${v.by?.[k]} total=${v.selected}/>`)}</div>`}
    ${replays && v.examples?.length > 0 && html`<h3>${plan.patch ? 'What the change does, on examples' : 'Examples, which run as they were'}</h3>
      ${v.examples.map((x, i) => html`<details key=${x.letter} class="example" open=${!!plan.patch && i === 0}><summary><a href=${`/dead-letters/letters/${x.letter}`}>${x.letter}</a> <span class="soft">job</span> <${Id} id=${x.jobId}/>${x.note && html` <span class="soft">${x.note}</span>`}</summary>
        ${x.diff?.length > 0 ? html`<${Changes} operations=${x.diff}/>` : plan.patch && !x.note ? html`<p class="soft pad">Nothing changes in this one.</p>` : ''}
        ${x.after && html`<details class="more"><summary>The whole submission, as it would be</summary><${Source} value=${x.after} label="the submission"/></details>`}</details>`)}`}
  </${Card}>`;
}

function Differences({plan}) {
  const count = refusedOf(plan);
  const path = `/v1/replays/${encodeURIComponent(plan.id)}/differences?limit=${PAGE_SIZE}`;
  const [list, setList] = useState({entries: [], next: null, problem: null, read: false});
  const read = async cursor => {
    try {
      const page = await get(`${path}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
      setList(l => ({entries: (cursor ? l.entries : []).concat(page.differences || []), next: page.next || null, problem: null, read: true}));
    } catch (problem) {
      setList(l => ({...l, problem, read: true}));
    }
  };
  useEffect(() => {
    if (count > 0) read(null);
  }, [count]);
  if (!count) return null;
  return html`<${Card} title="Differences from the preview" extra=${plural(count, 'dead letter')}>
    <p class="soft">The plan had selected these, and left them as they are.</p>
    ${!list.read && html`<${Skeleton} rows=${3}/>`}
    ${list.entries.length > 0 && html`<div class="scroll-x"><table class="table"><thead><tr><th>Dead letter</th><th>Why</th><th class="num">When</th></tr></thead><tbody>${list.entries.map(d => html`<tr key=${d.letter}><td><a class="id" href=${`/dead-letters/letters/${d.letter}`}>${d.letter}</a></td>
      <td>${reasonText(d.reason)}${d.detail && html`<span class="sub wrap">${d.detail}</span>`}</td><td class="num nowrap"><${Ago} at=${d.at}/></td></tr>`)}</tbody></table></div>`}
    ${list.problem && html`<p class="field-error" role="alert">${list.problem.message} <button class="button small" onClick=${() => read(list.next)}>Try again</button></p>`}
    ${list.next && html`<p class="foot"><button class="button small" onClick=${() => read(list.next)}>More</button></p>`}
  </${Card}>`;
}

function pace(plan) {
  const words = [plan.pace?.perSecond ? `${plan.pace.perSecond} a second` : 'as fast as can be'];
  if (plan.action === 'replay') words.push(`${exact(plan.pace?.inFlight)} under way at once`);
  return words.join(', ');
}

function canary(plan) {
  const c = plan.canary;
  return `${c.count != null ? exact(c.count) : `${c.percent} %${plan.selected ? ` (${exact(plan.selected.canary)})` : ''}`} first, then ${c.then === 'go-on' ? `on where ${percent(c.minSucceeded)} succeeded` : 'stop'}`;
}

export function Plan({id}) {
  const [every, setEvery] = useState(QUICK_MS);
  const found = useResource(`/v1/replays/${encodeURIComponent(id)}`, {every});
  const [changed, setChanged] = useState(null);
  const [asked, setAsked] = useState(null);
  // What a command answered is newer than what was read before it.
  const plan = changed && found.data && changed.version > found.data.version ? {preview: found.data.preview, ...changed} : found.data;
  useEffect(() => {
    if (plan) setEvery(MOVING.has(plan.state) ? QUICK_MS : CALM_MS);
  }, [plan?.state]);
  const audit = useResource(plan && `/v1/audit?plan=${encodeURIComponent(id)}&limit=${PAGE_SIZE}`, {key: id});
  useEffect(() => {
    if (plan) audit.reload();
  }, [plan?.version]);
  useEffect(() => bind({r: found.reload}), []);
  if (!plan) {
    return html`<${Page} title="Plan"><${Card} label="Plan">${found.loading ? html`<${Skeleton} rows=${8}/>`
      : found.problem?.code === 'replay_not_found' ? html`<div class="notice failed"><p class="notice-title">There is no such plan</p><p>${found.problem.message}</p><p class="soft"><a href="/dead-letters/plans">To the plans</a></p></div>`
        : html`<${Failed} problem=${found.problem} what="The plan" reload=${found.reload}/>`}</${Card}></${Page}>`;
  }
  const commands = commandsOf(plan);
  const before = plan.state === 'draft' || plan.state === 'selecting';
  const anew = `/dead-letters/new?like=${plan.id}`;
  const actions = html`${commands.map((command, i) => html`<button key=${command} class=${`button ${i === 0 && ['confirm', 'go-on', 'resume'].includes(command) ? 'primary' : isDangerous(plan, command) ? 'danger' : ''}`} onClick=${() => setAsked({command, plan})}>${commandName(plan, command)}</button>`)}
    <a class="button" href=${before ? `${anew}&step=1` : anew}>${before ? 'Change it…' : 'Use as a start…'}</a>`;
  const filter = plan.selection?.filter && paramsOf(plan.selection.filter);
  const refused = refusedOf(plan);
  return html`<${Page} title=${plan.name} actions=${actions}>
    ${before && html`<${Steps} at=${3} hrefOf=${i => `${anew}${i ? `&step=${i}` : ''}`}/>`}
    <div class="job-head" role="status"><${PlanState} state=${plan.state}/><span id="plan-meaning">${meaning(plan)}</span></div>
    <${Stale} problem=${found.problem}/>
    <${Card} label="How far it has come">
      ${!before && html`<${Progress} plan=${plan}/>`}
      <${Facts} facts=${[['Does', ACTIONS[plan.action]?.name || plan.action], ['Dead letters', totalOf(plan) == null ? none : exact(totalOf(plan))],
        plan.canary ? ['Canary', canary(plan)] : null,
        ['Pace', pace(plan)], plan.action === 'replay' ? ['Loop guard', plan.maxGeneration > 1000 ? 'none' : `leaves jobs that came back ${plural(plan.maxGeneration, 'time')}`] : ['Reason', plan.reason],
        refused ? ['Left as they are', exact(refused)] : null, plan.progress?.cancelsAsked ? ['Asked to be cancelled', exact(plan.progress.cancelsAsked)] : null,
        ['Made', html`<${Ago} at=${plan.createdAt}/> by ${plan.by}`], ['Changed', html`<${Ago} at=${plan.changedAt}/>, version ${plan.version}`],
        ['Id', html`<span class="id">${plan.id}</span><${Copy} text=${plan.id} label="Copy the id"/>`]]}/>
      <p class="selection-words"><span class="soft">Selects</span> ${selectionText(plan.selection)} ${filter && html`<a href=${withQuery('/dead-letters/list', filter)}>those that match now</a>`}</p>
      ${plan.note && totalOf(plan) > 0 && html`<p class="soft basis">${plan.note}</p>`}
    </${Card}>
    ${plan.state === 'selecting' ? html`<${Card} title="Preview"><${Skeleton} rows=${5}/></${Card}>` : plan.preview && html`<${Preview} plan=${plan}/>`}
    ${plan.patch && html`<${Card} title="Change on the way" extra="the dead letters stay as they are"><${Changes} operations=${plan.patch} before=${false}/></${Card}>`}
    <${Differences} plan=${plan}/>
    <${Card} title="Audit" extra=${html`<a href="/dead-letters/audit">all entries, and whether they hold</a>`}>
      ${audit.data ? html`<${Entries} entries=${audit.data.entries || []} plan=${false}/>` : audit.problem ? html`<${Failed} problem=${audit.problem} what="The audit" reload=${audit.reload}/>` : html`<${Skeleton} rows=${3}/>`}</${Card}>
    ${asked && html`<${CommandDialog} plan=${asked.plan} command=${asked.command} onClose=${() => setAsked(null)} onDone=${answer => {
      if (answer) setChanged(answer);
      found.reload();
    }}/>`}
  </${Page}>`;
}
