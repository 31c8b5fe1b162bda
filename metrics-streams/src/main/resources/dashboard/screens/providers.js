// The providers: breaker, limits used, latency, errors, spend.
import {html, computed, useMemo, useValue} from '../lib.js';
import {now, currency, useResource} from '../live.js';
import {Page, Card, Badge, Failed, Empty, Skeleton, Stale, Meter, Facts, Sparkline} from '../ui.js';
import {onGrid} from '../charts.js';
import {exact, count, duration, money, none, percent, plural} from '../format.js';

const BREAKERS = {closed: ['ok', '●', 'Closed'], open: ['bad', '✕', 'Open'], 'half-open': ['warn', '◐', 'Half-open']};
const LIMITS = {requests: 'Requests', tokens: 'Tokens', concurrency: 'Calls at once'};

const failures = point => Object.values(point?.failed || {}).reduce((a, b) => a + b, 0);

function Target({target}) {
  const [tone, sign, text] = BREAKERS[target.breaker] || ['plain', '•', target.breaker || 'Unknown'];
  const split = Object.entries(target.workers || {}).filter(([, n]) => n > 0);
  return html`<div class="target">
    <div class="target-head"><strong class="ellipsis">${target.target}</strong><${Badge} tone=${tone} sign=${sign}>${text}</${Badge}>
      ${split.length > 1 && html`<span class="soft">${split.map(([k, n]) => `${k} on ${plural(n, 'worker')}`).join(', ')}</span>`}
      <span class="grow"></span>${target.waiting > 0 && html`<span class="soft">${plural(target.waiting, 'job waits', 'jobs wait')}</span>`}</div>
    ${(target.limits || []).map(l => html`<div class="limit" key=${l.what}><span>${LIMITS[l.what] || l.what}</span><${Meter} value=${l.used || 0} max=${l.limit || 0} label=${`${LIMITS[l.what] || l.what} used`}/>
      <span class="num">${count(l.used || 0)} / ${count(l.limit)}${l.perMillis ? ` per ${duration(l.perMillis).replace(/^1 (min|h|d|s)$/, '$1').replace('1.00 s', 's')}` : ''}</span></div>`)}
    ${!(target.limits || []).length && html`<p class="soft">No limit is known; calls at once adapt to overload.</p>`}
  </div>`;
}

const MINUTE = 60_000;
const SHOWN_MINUTES = 15;
const minutes = computed(() => Math.floor(now.value / MINUTE));

const tens = computed(() => Math.floor(now.value / 10_000));

/** What the figures know of each provider: the last minute, the last 15 one by one, and today's spend. */
function useFigures() {
  const ten = useValue(tens);
  const minute = useValue(minutes);
  const iso = at => new Date(at).toISOString();
  const day = new Date(minute * MINUTE);
  day.setHours(0, 0, 0, 0);
  const by = (window, from, to) => `/v1/metrics?window=${window}&by=provider&from=${iso(from)}&to=${iso(to)}`;
  const last = useResource(by('10s', ten * 10_000 - 50_000, ten * 10_000 + 10_000), {key: 'last'});
  const lately = useResource(by('1m', (minute + 1 - SHOWN_MINUTES) * MINUTE, (minute + 1) * MINUTE), {key: 'lately'});
  const today = useResource(by('1h', day.getTime(), (minute + 1) * MINUTE), {key: 'today'});
  const found = useMemo(() => {
    const all = {};
    const each = (metrics, put) => {
      for (const s of metrics?.series || []) if (s.labels?.provider) put(all[s.labels.provider] ||= {}, s);
    };
    each(last.data, (p, s) => {
      p.minute = s.sum;
    });
    each(lately.data, (p, s) => {
      p.calls = onGrid(lately.data, s.points || []).points.map(point => point?.calls || 0);
    });
    each(today.data, (p, s) => {
      p.spent = s.sum?.costNanos;
    });
    return all;
  }, [last.data, lately.data, today.data]);
  return {found, read: last.data != null};
}

function Provider({provider, points, read}) {
  const unit = useValue(currency);
  const m = points?.minute;
  const failed = failures(m);
  // No point is none counted, once the figures were read.
  const calls = m ? m.calls || 0 : read ? 0 : null;
  const latency = m?.providerLatency;
  const reasons = Object.entries(m?.failed || {}).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
  return html`<section class="card provider" aria-label=${`Provider ${provider.name}`}>
    <div class="worker-head"><h2>${provider.name}</h2><span class="grow"></span>
      <div class="mini"><${Sparkline} values=${points?.calls} label="Calls over the last 15 minutes"/><span class="soft">calls, 15 min</span></div></div>
    <${Facts} facts=${[['Calls, last minute', exact(calls)], ['Failed', calls ? html`<span class=${failed ? 'bad' : ''}>${exact(failed)} (${percent(failed / calls)})</span>` : none],
      ['Latency p50', latency?.count ? duration(latency.p50Millis) : none], ['Latency p95', latency?.count ? duration(latency.p95Millis) : none],
      ['Tokens in / out', m?.inputTokens || m?.outputTokens ? `${count(m.inputTokens || 0)} / ${count(m.outputTokens || 0)}` : none],
      [unit ? `Spend today, ${unit}` : 'Spend today', money(points?.spent)]]}/>
    ${reasons.length > 0 && html`<p class="soft reasons">Failures: ${reasons.map(([code, n]) => html`<a key=${code} href=${`/jobs?provider=${encodeURIComponent(provider.name)}&code=${encodeURIComponent(code)}`}><code>${code}</code> ${exact(n)}</a> `)}</p>`}
    <div class="targets">${(provider.targets || []).map(t => html`<${Target} key=${t.target} target=${t}/>`)}</div>
  </section>`;
}

export function Providers() {
  const providers = useResource('/v1/providers', {every: 3_000});
  const {found: byName, read} = useFigures();
  const budgets = providers.data?.budgets || [];
  const unit = providers.data?.currency || '';
  const routes = (providers.data?.routes || []).filter(r => r.waiting > 0);
  const list = [...(providers.data?.providers || [])].sort((a, b) => a.name.localeCompare(b.name));
  return html`<${Page} title="Providers" count=${providers.data ? exact(list.length) : null}
      note=${routes.length ? `Waiting for any target of their route: ${routes.map(r => `${r.name} ${exact(r.waiting)}`).join(', ')}` : null}>
    <${Stale} problem=${providers.data && providers.problem}/>
    ${providers.loading ? html`<${Card} label="Providers"><${Skeleton} rows=${6}/></${Card}>`
      : !providers.data ? html`<${Card} label="Providers"><${Failed} problem=${providers.problem} what="The list of providers" reload=${providers.reload}/></${Card}>`
        : !list.length ? html`<${Card} label="Providers"><${Empty} title="No provider was called yet" command="./penstock standalone --data DIR --set worker.providers=local,simulated">Workers tell of theirs once they run. Choose some with worker.providers:</${Empty}></${Card}>`
          : html`<div class="cards wide">${list.map(p => html`<${Provider} key=${p.name} provider=${p} points=${byName[p.name]} read=${read}/>`)}</div>`}
    ${budgets.length > 0 && html`<${Card} title="Budgets"><div class="targets">${budgets.map(b => html`<div class="limit" key=${`${b.kind} ${b.name} ${b.period}`}>
      <span class="ellipsis" title=${`${b.kind} ${b.name}`}>${b.name}</span><${Meter} value=${b.spent} max=${b.limit} label=${`Budget of ${b.kind} ${b.name}`}/>
      <span class="num">${money(b.spent)} / ${money(b.limit)} ${unit} a ${b.period}</span></div>`)}</div></${Card}>`}
  </${Page}>`;
}
