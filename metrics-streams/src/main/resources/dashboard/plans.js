// What the screens of plans have in common: states, progress, who asks, and moving a plan on.
import {html, useState} from './lib.js';
import {send} from './api.js';
import {Badge, Dialog, toast} from './ui.js';
import {exact, plural} from './format.js';

const STATES = {
  selecting: ['info', '◌', 'Selecting'], draft: ['plain', '✎', 'Draft'], running: ['info', '◐', 'Running'], 'canary-report': ['warn', '!', 'Canary report'], paused: ['warn', '❚❚', 'Paused'],
  aborting: ['warn', '◒', 'Aborting'], aborted: ['plain', '■', 'Aborted'], undoing: ['warn', '↶', 'Undoing'], undone: ['plain', '↶', 'Undone'], done: ['ok', '✓', 'Done'],
};

export const PLAN_STATES = Object.keys(STATES);
export const stateName = state => STATES[state]?.[2] || String(state);

/** States in which a plan goes on by itself. */
export const MOVING = new Set(['selecting', 'running', 'aborting', 'undoing']);

/** Why something that was selected is left as it is. */
const REASONS = {
  'already-resolved': 'replayed, discarded or purged before', 'returned-too-often': 'came back too often', poison: 'no job: a record that can’t be read', unreadable: 'no job: not readable by this version',
  expired: 'the job is past its time', 'invalid-change': 'the change does not fit it', 'too-large': 'would be larger than its topic takes', gone: 'not in the log any more', 'still-open': 'its job runs again and has not ended',
};

export const reasonText = reason => REASONS[reason] || reason;

export const ACTIONS = {
  replay: {name: 'Replay', text: 'Their jobs run again, as a new generation of the same id.'},
  discard: {name: 'Discard', text: 'They are given up; their records stay.'},
  purge: {name: 'Purge', text: 'They are given up, also those that were replayed before, and the log is cut as far as all before are purged.'},
};

export function PlanState({state}) {
  const [tone, sign, text] = STATES[state] || ['plain', '•', String(state)];
  return html`<${Badge} tone=${tone} sign=${sign}>${text}</${Badge}>`;
}

export const totalOf = plan => (plan.selected ? (plan.selected.canary || 0) + (plan.selected.rest || 0) : null);

/** How many it had selected and left as they are. */
export const refusedOf = plan => Object.values(plan.progress?.refused || {}).reduce((sum, n) => sum + n, 0);

/** What became of all that a plan selects: [{kind, text, count}], together as many as it selects. */
export function parts(plan) {
  const p = plan.progress || {};
  const all = [['ok', 'Succeeded', p.succeeded], ['bad', 'Dead-lettered again', p.deadLettered], ['warn', 'Expired', p.expired], ['second', 'Cancelled', p.cancelled], ['unknown', 'End not known', p.unknown],
    ['open', 'Run or wait', p.open], ['ok', 'Discarded', p.discarded], ['ok', 'Purged', p.purged], ['refused', 'Left as they are', refusedOf(plan)]]
    .map(([kind, text, count]) => ({kind, text, count: count || 0}));
  const through = all.reduce((sum, part) => sum + part.count, 0);
  return [...all, {kind: 'ahead', text: 'Not begun', count: Math.max(0, (totalOf(plan) || 0) - through)}].filter(part => part.count > 0);
}

export function Progress({plan, small}) {
  const total = totalOf(plan);
  if (!total) return small ? html`<span class="soft">${total === 0 ? 'selects none' : ''}</span>` : null;
  const shown = parts(plan);
  const begun = total - (shown.find(part => part.kind === 'ahead')?.count || 0);
  return html`<div class=${small ? 'plan-progress small' : 'plan-progress'}>
    <div class="pieces" role="progressbar" aria-valuemin="0" aria-valuemax=${total} aria-valuenow=${begun} aria-valuetext=${shown.map(part => `${part.text} ${exact(part.count)}`).join(', ')} aria-label="Progress">
      ${shown.map(part => html`<i key=${part.text} class=${`r-${part.kind}`} style=${{width: `${(part.count / total) * 100}%`}}></i>`)}</div>
    ${!small && html`<ul class="legend">${shown.map(part => html`<li key=${part.text}><i class=${`key r-${part.kind}`}></i>${part.text} <b>${exact(part.count)}</b></li>`)}</ul>`}
  </div>`;
}

const WHO = 'penstock-who';

/** Who sits here, as they once said; for the audit. */
export function who() {
  try {
    return localStorage.getItem(WHO) || '';
  } catch {
    return '';
  }
}

export function keepWho(name) {
  try {
    localStorage.setItem(WHO, name);
  } catch {
    // Asked again next time, then.
  }
}

export function Who({value, change, error, focus}) {
  return html`<label class="field">Your name, for the audit
    <input name="by" autocomplete="name" maxlength="200" required autofocus=${focus} value=${value} aria-invalid=${error ? 'true' : undefined} onInput=${e => change(e.currentTarget.value)}/>${error && html`<span class="field-note bad">${error}</span>`}</label>`;
}

/** The fault of each field, by the JSON Pointer of it or of what it stands in. */
export function faultsOf(problem) {
  const faults = {};
  for (const e of problem?.errors || []) (faults[e.pointer || ''] ||= []).push(e.message);
  return Object.fromEntries(Object.entries(faults).map(([pointer, messages]) => [pointer, messages.join('; ')]));
}

/** An id that sorts by time and that nobody else makes. */
export function newPlanId() {
  const at = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const four = Array.from(crypto.getRandomValues(new Uint8Array(4)), b => (b % 36).toString(36)).join('');
  return `${at.slice(0, 8)}-${at.slice(8)}-${four}`;
}

const open = plan => plural(plan.progress?.open || 0, 'job');

const COMMANDS = {
  confirm: {
    name: 'Confirm', title: plan => `${ACTIONS[plan.action].name} ${plural(totalOf(plan), 'dead letter')}?`, done: 'Confirmed', danger: plan => plan.action !== 'replay',
    says: plan => {
      const first = plan.selected.canary ? `${exact(plan.selected.canary)} of them go first; then the plan ${plan.canary?.then === 'go-on' ? `goes on by itself where ${Math.round(plan.canary.minSucceeded * 1000) / 10} % of these succeeded, else it waits for you` : 'stops and waits for you'}. ` : '';
      return {replay: `Their jobs run again. ${first}You can pause, abort and undo it.`, discard: `They are given up for good: a discard can’t be undone. ${first}`, purge: `They are given up for good and deleted as far as the log can be cut: a purge can’t be undone. ${first}`}[plan.action];
    },
  },
  pause: {name: 'Pause', title: () => 'Pause the plan?', done: 'Asked to pause', says: plan => `Nothing new begins. ${plan.progress?.open ? `${open(plan)} that it has begun go on.` : 'What it has begun goes on.'} Resume it at any time.`},
  resume: {name: 'Resume', title: () => 'Resume the plan?', done: 'Resumed', says: () => 'It begins again where it stopped, at the same pace.'},
  'go-on': {name: 'Go on with the rest', title: () => 'Go on with the rest?', done: 'It goes on', says: plan => `The canary has ended: ${exact(plan.progress?.succeeded || 0)} of ${exact(plan.selected?.canary || 0)} succeeded. The other ${exact(plan.selected?.rest || 0)} follow now.`},
  abort: {
    name: 'Abort', title: plan => (plan.state === 'draft' || plan.state === 'selecting' ? 'Drop the plan?' : 'Abort the plan?'), done: 'Asked to abort', danger: () => true,
    says: plan => (plan.state === 'draft' || plan.state === 'selecting' ? 'Nothing has happened to any dead letter, and nothing will.'
      : `Nothing new begins, and the rest stays dead-lettered. ${plan.progress?.open ? `${open(plan)} that it has begun run on to their end; to cancel these, undo the plan.` : 'What it has begun runs on to its end; to cancel that, undo the plan.'} It can’t be resumed.`),
  },
  undo: {name: 'Undo', title: () => 'Undo the plan?', done: 'Asked to undo', danger: () => true, says: plan => `Nothing new begins, and ${plan.progress?.open ? `the ${open(plan)} that still run or wait are cancelled` : 'what still runs or waits is cancelled'}, where no other outcome comes first. What has ended stays as it is: ${exact(plan.progress?.succeeded || 0)} succeeded. It can’t be resumed.`},
};

/** What can be asked of a plan now, the likeliest first. */
export function commandsOf(plan) {
  const undo = plan.action === 'replay' ? ['undo'] : [];
  switch (plan.state) {
    case 'selecting': return ['abort'];
    case 'draft': return totalOf(plan) ? ['confirm', 'abort'] : ['abort'];
    case 'running': return ['pause', 'abort', ...undo];
    case 'paused': return ['resume', 'abort', ...undo];
    case 'canary-report': return ['go-on', 'abort', ...undo];
    case 'aborting': return undo;
    case 'aborted': return (plan.progress?.open || 0) + (plan.progress?.unknown || 0) > 0 ? undo : [];
    default: return [];
  }
}

export function commandName(plan, command) {
  if (command === 'abort' && (plan.state === 'draft' || plan.state === 'selecting')) return 'Drop…';
  return `${COMMANDS[command].name}…`;
}

export const isDangerous = (plan, command) => !!COMMANDS[command].danger?.(plan);

/** Says what follows, and asks the server for it with the version of the plan that was seen. */
export function CommandDialog({plan, command, onClose, onDone}) {
  const words = COMMANDS[command];
  const [by, setBy] = useState(who());
  const [known] = useState(by !== '');
  const [typed, setTyped] = useState('');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const total = totalOf(plan) || 0;
  const many = command === 'confirm' && plan.action !== 'replay' && total > 100;
  const danger = isDangerous(plan, command);
  const go = async event => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      keepWho(by.trim());
      const changed = await send('POST', `/v1/replays/${encodeURIComponent(plan.id)}/${command}`, {by: by.trim(), version: plan.version});
      toast(words.done);
      onDone(changed);
      onClose();
    } catch (e) {
      setProblem(e);
      setBusy(false);
      if (e.status === 409) onDone(null);
    }
  };
  return html`<${Dialog} title=${words.title(plan)} onClose=${onClose}><form onSubmit=${go}>
    <div class="dialog-text">
      <p>${words.says(plan)}</p>
      <${Who} value=${by} change=${setBy} error=${faultsOf(problem)['/by']} focus=${!known}/>
      ${many && html`<label class="field">Type ${total} to confirm<input inputmode="numeric" autocomplete="off" value=${typed} onInput=${e => setTyped(e.currentTarget.value)}/></label>`}
      ${problem && html`<p class="field-error" role="alert">${problem.message}${problem.status === 409 ? ' Look at it as it is now, and ask again.' : ''}</p>`}
    </div>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${onClose}>Back</button>
      <button type="submit" autofocus=${known && !many} class=${`button ${danger ? 'danger' : 'primary'}`} disabled=${busy || problem?.status === 409 || !by.trim() || (many && typed.replace(/\D/g, '') !== String(total))}>${busy ? 'Working…' : words.name}</button></footer>
  </form></${Dialog}>`;
}

/** Which dead letters a plan asks for, in words. */
export function selectionText(selection) {
  const sample = selection.sample ? `, of them ${selection.sample.count != null ? exact(selection.sample.count) : `${selection.sample.percent} %`} drawn by chance` : '';
  if (selection.letters) return `${plural(selection.letters.length, 'dead letter')} by place${sample}`;
  if (selection.ids) return `the dead letters of ${plural(selection.ids.length, 'job')}${sample}`;
  const filter = Object.entries(selection.filter || {}).map(([name, value]) => `${name} ${[value].flat().join(' or ')}`).join(', ');
  return `${filter || 'all that are open'}${sample}`;
}

const STEPS = ['Which', 'What', 'How', 'Preview'];

/** Where in making a plan one is; `go` leads back to a step that was passed. */
export function Steps({at, hrefOf}) {
  return html`<ol class="steps" aria-label="Steps of making a plan">${STEPS.map((name, i) => html`<li key=${name} aria-current=${i === at ? 'step' : undefined} class=${i < at ? 'passed' : ''}>
    ${i < at && hrefOf ? html`<a href=${hrefOf(i)}><b>${i + 1}</b> ${name}</a>` : html`<span><b>${i + 1}</b> ${name}</span>`}</li>`)}</ol>`;
}

/** The operations of a change, or the differences on an example: what stood there, and what does then. */
export function Changes({operations, before = true}) {
  // To take a field away that need not be there, it is first put there.
  const shown = operations.filter((o, i) => !(o.op === 'add' && o.value === null && operations[i + 1]?.op === 'remove' && operations[i + 1].path === o.path));
  return html`<div class="scroll-x"><table class="table changes"><thead><tr><th>Field</th>${before && html`<th>Before</th>`}<th>${before ? 'After' : 'Value'}</th></tr></thead><tbody>
    ${shown.map((o, i) => {
      const was = o.old !== undefined ? o.old : o['from value'];
      return html`<tr key=${i}><td><code>${o.path}</code>${['move', 'copy', 'test'].includes(o.op) ? html` <span class="soft">${o.op}${o.from ? ` from ${o.from}` : ''}</span>` : ''}</td>
        ${before && html`<td>${was === undefined ? html`<span class="soft">not there</span>` : html`<del><code>${text(was)}</code></del>`}</td>`}
        <td>${o.op === 'remove' ? html`<span class="soft">taken away</span>` : o.value === undefined ? '' : html`<ins><code>${text(o.value)}</code></ins>`}</td></tr>`;
    })}</tbody></table></div>`;
}

const text = value => (typeof value === 'string' ? value : JSON.stringify(value));
