// Acting on many jobs: counted first, confirmed, then followed to its end.
import {html, useEffect, useState} from './lib.js';
import {get, send} from './api.js';
import {Dialog, toast} from './ui.js';
import {exact, plural} from './format.js';

const FOLLOW_EVERY_MS = 700;

const WORDS = {
  cancel: {name: 'Cancel', doing: 'Cancelling', done: 'Cancellation requested for', refused: 'already ended', danger: true,
    text: 'Jobs that run are interrupted, jobs that wait are not run. It can’t be taken back. A job whose outcome is committed first keeps it.'},
  release: {name: 'Release', doing: 'Releasing', done: 'Released', refused: 'block no ordering key',
    text: 'The jobs behind these dead letters, in the line of the same ordering key, go on.'},
  'retry-now': {name: 'Retry', doing: 'Retrying', done: 'Asked to run now:', refused: 'do not wait', now: ' now',
    text: 'The next attempt of those that wait, for a retry or for the time they were scheduled for, is due at once. Limits and budgets hold as ever; jobs that do not wait are left as they are.'},
};

/**
 * `selection` is {ids} or {query, total: {count, exact}}.
 */
export function BulkDialog({action, selection, onClose, onDone}) {
  const words = WORDS[action];
  const [count, setCount] = useState(selection.ids ? selection.ids.length : selection.total.count);
  const exactCount = selection.ids ? true : selection.total.exact;
  const [typed, setTyped] = useState('');
  const [problem, setProblem] = useState(null);
  const [running, setRunning] = useState(null);
  const [busy, setBusy] = useState(false);
  const many = count > 100;
  useEffect(() => {
    if (!running?.id || running.state !== 'running') return undefined;
    const timer = setTimeout(async () => {
      try {
        const next = await get(`/v1/jobs/actions/${encodeURIComponent(running.id)}`);
        setRunning(next);
        setProblem(null);
        if (next.state !== 'running') {
          toast(`${words.done} ${plural(next.done, 'job')}`);
          onDone?.();
        }
      } catch (e) {
        setProblem(e);
        setRunning(r => ({...r}));
      }
    }, FOLLOW_EVERY_MS);
    return () => clearTimeout(timer);
  }, [running]);
  const go = async event => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const body = selection.ids ? {action, ids: selection.ids} : {action, query: selection.query, expected: count};
      const begun = await send('POST', '/v1/jobs/actions', body);
      setRunning({done: 0, refused: 0, failed: 0, state: 'running', ...begun});
    } catch (e) {
      setProblem(e);
      if (e.code === 'selection_changed' && !selection.ids) {
        setTyped('');
        try {
          const fresh = await get(`/v1/jobs?${selection.query}${selection.query ? '&' : ''}limit=1`);
          setCount(fresh.total.count);
        } catch {
          // The refusal above says enough; the number stays as it was.
        }
      }
    }
    setBusy(false);
  };
  const title = running ? `${words.doing} ${plural(running.matching ?? count, 'job')}` : `${words.name} ${exactCount ? '' : 'about '}${plural(count, 'job')}${words.now || ''}?`;
  const through = running ? running.done + running.refused + running.failed : 0;
  return html`<${Dialog} title=${title} onClose=${onClose}>
    ${running ? html`<div class="dialog-text">
        <div class="progress" role="progressbar" aria-valuemin="0" aria-valuemax=${running.matching} aria-valuenow=${through} aria-label=${words.doing}>
          <i style=${{width: `${running.matching ? (through / running.matching) * 100 : 100}%`}}></i></div>
        <p class="bulk-count"><b>${exact(running.done)}</b> done, <b>${exact(running.refused)}</b> refused (${words.refused}), <b>${exact(running.failed)}</b> failed, of ${exact(running.matching)}</p>
        ${running.state === 'stopped' && html`<p class="field-error">It was stopped before the end. What is done stays done.</p>`}
        ${(running.errors || []).slice(0, 5).map((e, i) => html`<p key=${i} class="soft">${typeof e === 'string' ? e : e.message || JSON.stringify(e)}</p>`)}
        ${problem && html`<p class="field-error" role="alert">${problem.message}</p>`}
        <p class="soft">${running.state === 'running' ? 'It goes on when you close this.' : 'Until it is done, the list says of each job that it was asked for.'}</p>
      </div>
      <footer class="dialog-foot"><button class="button primary" onClick=${onClose}>Close</button></footer>`
    : html`<form onSubmit=${go}>
      <div class="dialog-text">
        <p class="bulk-number"><b>${exactCount ? '' : '≈ '}${exact(count)}</b> ${count === 1 ? 'job' : 'jobs'} ${selection.ids ? 'selected' : 'match now'}</p>
        ${!selection.ids && html`<p class="soft">Filter: <code>${decodeURIComponent(selection.query.replace(/\+/g, ' ')) || 'every job there is'}</code></p>`}
        <p>${words.text}</p>
        ${many && html`<label class="field">Type ${count} to confirm
          <input inputmode="numeric" autocomplete="off" value=${typed} onInput=${e => setTyped(e.currentTarget.value)}/></label>`}
        ${problem && html`<p class="field-error" role="alert">${problem.code === 'selection_changed' ? 'The number changed meanwhile. Look at the new one and confirm it.' : problem.message}</p>`}
      </div>
      <footer class="dialog-foot">
        <button type="button" class="button" onClick=${onClose}>Back</button>
        <button type="submit" class=${`button ${words.danger ? 'danger' : 'primary'}`} disabled=${busy || !count || (many && typed.replace(/\D/g, '') !== String(count))}>
          ${busy ? 'Working…' : `${words.name} ${plural(count, 'job')}`}</button>
      </footer>
    </form>`}
  </${Dialog}>`;
}
