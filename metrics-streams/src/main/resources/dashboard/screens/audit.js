// Who did what with dead letters, and whether the record of it holds.
import {html, useEffect, useState} from '../lib.js';
import {get} from '../api.js';
import {useResource} from '../live.js';
import {Page, Card, Badge, Copy, Failed, Empty, Skeleton, Stale} from '../ui.js';
import {Tabs} from '../letters.js';
import {Entries} from '../audit.js';
import {bind} from '../keys.js';
import {plural, timeOfDay} from '../format.js';

const PAGE_SIZE = 100;
const EVERY_MS = 10_000;

function Verification() {
  const [told, setTold] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const verify = async () => {
    setBusy(true);
    setProblem(null);
    try {
      setTold({...await get('/v1/audit/verification'), at: Date.now()});
    } catch (e) {
      setProblem(e);
    }
    setBusy(false);
  };
  return html`<${Card} title="Does it hold?" extra="each entry has the hash of the one before it">
    <div class="verify"><button class="button" disabled=${busy} onClick=${verify}>${busy ? 'Reading all of it…' : 'Verify'}</button>
    <div role="status">${problem ? html`<p class="field-error">${problem.message}</p>` : told?.sound ? html`<p><${Badge} tone="ok" sign="✓">It holds</${Badge}> <span class="soft">${plural(told.entries, 'entry', 'entries')} at ${timeOfDay(told.at)}. Keep the last hash: who has it can tell later whether anything before it was changed.</span></p>
        <p class="hash"><code>${told.lastHash}</code><${Copy} text=${told.lastHash || ''} label="Copy the last hash"/></p>`
      : told ? html`<p class="field-error"><b>It does not hold.</b> ${told.reason}${told.offset != null ? ` The first record that does not follow stands at offset ${told.offset}.` : ''}</p>`
        : html`<p class="soft">Reads the whole audit and computes each hash anew.</p>`}</div></div></${Card}>`;
}

export function Audit() {
  const audit = useResource(`/v1/audit?limit=${PAGE_SIZE}`, {every: EVERY_MS});
  const [older, setOlder] = useState({list: [], next: null, problem: null});
  useEffect(() => bind({r: audit.reload}), []);
  const first = audit.data?.entries || [];
  const known = new Set(first.map(e => e.sequence));
  const list = [...first, ...older.list.filter(e => !known.has(e.sequence))];
  const next = older.list.length ? older.next : audit.data?.next;
  const more = async () => {
    try {
      const page = await get(`/v1/audit?limit=${PAGE_SIZE}&before=${next}`);
      setOlder({list: [...older.list, ...(page.entries || [])], next: page.next || null, problem: null});
    } catch (problem) {
      setOlder({...older, problem});
    }
  };
  return html`<${Page} title="Audit">
    <${Tabs} at="/dead-letters/audit"/>
    <${Stale} problem=${audit.data && audit.problem}/>
    <${Verification}/>
    <${Card} label="Entries">
      ${audit.loading ? html`<${Skeleton} rows=${8}/>` : !audit.data ? html`<${Failed} problem=${audit.problem} what="The audit" reload=${audit.reload}/>`
        : !list.length ? html`<${Empty} title="Nobody has done anything yet" command="./penstock dlq audit --verify">Each plan for dead letters and each of its steps comes here, with who asked for it. The same on the command line:</${Empty}>`
          : html`<${Entries} entries=${list}/>`}
      ${next && html`<p class="foot"><button class="button small" onClick=${more}>Older entries</button></p>`}
      ${older.problem && html`<p class="field-error" role="alert">${older.problem.message}</p>`}
    </${Card}>
  </${Page}>`;
}
