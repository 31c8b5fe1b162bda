// Is it healthy, what is stuck, what does it cost, what to do next.
import {html, computed, useMemo, useValue} from '../lib.js';
import {now, currency, overview, overviewProblem, useResource} from '../live.js';
import {route, setQuery} from '../router.js';
import {Page, Card, Skeleton, Failed, Empty, Ago, Badge, Code, Sparkline, STATE_NAMES, State, Stale} from '../ui.js';
import {Chart, onGrid} from '../charts.js';
import {count, rate, percent, duration, money, exact, none, plural} from '../format.js';

const RANGES = {
  '15m': {text: '15 min', window: '10s', ms: 900_000, every: 10_000},
  '1h': {text: '1 h', window: '10s', ms: 3_600_000, every: 10_000},
  '6h': {text: '6 h', window: '1m', ms: 21_600_000, every: 30_000},
  '24h': {text: '24 h', window: '1m', ms: 86_400_000, every: 60_000},
  '7d': {text: '7 d', window: '1h', ms: 604_800_000, every: 300_000},
};

/** Inside this dashboard an address is a path; what else a server gives is not followed. */
export function inside(href) {
  if (typeof href !== 'string') return null;
  const path = href.replace(/^\/?#/, '');
  return /^\/(?![/\\])/.test(path) ? path : null;
}


const tens = computed(() => Math.floor(now.value / 10_000));

/** The figures of a range that ends now; the key stays the same while the time goes on. */
function useMetrics(name) {
  const range = RANGES[name] || RANGES['15m'];
  const turn = Math.floor((useValue(tens) * 10_000) / range.every);
  const path = useMemo(() => {
    const to = Math.ceil(Date.now() / 10_000) * 10_000;
    return `/v1/metrics?window=${range.window}&from=${new Date(to - range.ms).toISOString()}&to=${new Date(to).toISOString()}`;
  }, [name, turn]);
  return {...useResource(path, {key: name}), range};
}

/** What was read last is not what is: with a problem nothing is said to be well. */
function Attention({items, problem, at}) {
  const unknown = problem && html`<p class="unknown"><span class="sign" aria-hidden="true">?</span> Not known now: ${problem.message}${items && at ? html` This is of <${Ago} at=${at}/>.` : ''}</p>`;
  if (!items) return unknown || html`<${Skeleton} rows=${2}/>`;
  if (unknown && !items.length) return html`${unknown}<p class="soft">Nothing needed attention then.</p>`;
  if (!items.length) {
    return html`<p class="all-well"><span class="sign" aria-hidden="true">✓</span> Nothing needs attention.</p>`;
  }
  return html`${unknown}<ul class="attention">${items.slice(0, 20).map((item, i) => {
    const href = inside(item.href);
    return html`<li key=${`${item.code}${i}`} class=${item.severity === 'critical' ? 'critical' : 'warning'}>
      <${Badge} tone=${item.severity === 'critical' ? 'bad' : 'warn'} sign=${item.severity === 'critical' ? '!' : '△'}>${item.severity === 'critical' ? 'Critical' : 'Warning'}</${Badge}>
      <div><strong>${item.title}</strong>${item.detail && html`<p class="soft">${item.detail}</p>`}</div>
      ${href && html`<a class="button small" href=${href} aria-label=${`Look: ${item.title}`}>Look</a>`}
    </li>`;
  })}</ul>`;
}

function Stat({name, value, unit, note, spark, tone, href, label}) {
  const inner = html`<span class="stat-name">${name}</span>
    <span class="stat-value">${value}${unit && html`<small> ${unit}</small>`}</span>
    <span class="stat-note">${note || '\u00a0'}</span>
    <${Sparkline} values=${spark} tone=${tone} label=${label || `${name} over the last time`}/>`;
  return href ? html`<a class="stat" href=${href}>${inner}</a>` : html`<div class="stat">${inner}</div>`;
}

function latency(point, quantile) {
  return point?.totalLatency?.count ? point.totalLatency[quantile] ?? null : null;
}

/** There is no record of the backlog over time: it is what it is now, less what came and plus what went since. */
function backlogBefore(nowJobs, points) {
  const values = new Array(points.length).fill(null);
  let jobs = nowJobs;
  for (let i = points.length - 1; i >= 0; i--) {
    values[i] = Math.max(0, jobs);
    const p = points[i];
    if (p) jobs += ended(p) - (p.accepted || 0);
  }
  return values;
}

function waits(backlog) {
  if (!backlog) return null;
  if (!backlog.jobs) return 'nothing waits';
  const told = [backlog.workMillis && `${duration(backlog.workMillis)} of work`, backlog.drainMillis && `gone in ${duration(backlog.drainMillis)}`];
  return told.filter(Boolean).join(', ') || 'how much work is not known yet';
}

const ended = p => (p.succeeded || 0) + (p.deadLettered || 0) + (p.cancelled || 0) + (p.expired || 0);

export function Overview() {
  const {query} = useValue(route);
  const name = RANGES[query.get('range')] ? query.get('range') : '15m';
  const o = useValue(overview);
  const problem = useValue(overviewProblem);
  const unit = useValue(currency);
  const metrics = useMetrics(name);
  const failures = useResource('/v1/failures?state=dead-lettered&limit=5', {every: 15_000});

  const series = useMemo(() => {
    const m = metrics.data;
    if (!m) return null;
    const grid = onGrid(m, m.series?.[0]?.points || []);
    const of = f => grid.points.map(p => (p ? f(p) ?? 0 : 0));
    return {
      ...grid,
      succeeded: of(p => p.succeeded), deadLettered: of(p => p.deadLettered), cancelled: of(p => p.cancelled), expired: of(p => p.expired),
      ended: of(ended), cost: of(p => p.costNanos), wasted: of(p => p.wastedCostNanos),
      p50: grid.points.map(p => latency(p, 'p50Millis')), p95: grid.points.map(p => latency(p, 'p95Millis')), p99: grid.points.map(p => latency(p, 'p99Millis')),
      share: grid.points.map(p => (p && ended(p) ? (p.succeeded || 0) / ended(p) : null)),
    };
  }, [metrics.data]);
  const backlogNow = o?.backlog?.jobs;
  const backlog = useMemo(() => (series && backlogNow != null ? backlogBefore(backlogNow, series.points) : []), [series, backlogNow]);
  const tail = values => values?.slice(-60);
  const charts = useMemo(() => {
    const s = series;
    return {
      through: [
        {label: 'Succeeded', colour: 'chart-ok', values: s?.succeeded}, {label: 'Dead-lettered', colour: 'chart-bad', values: s?.deadLettered},
        {label: 'Cancelled', colour: 'chart-mute', values: s?.cancelled}, {label: 'Expired', colour: 'chart-warn', values: s?.expired}],
      latency: [
        {label: 'p50', colour: 'chart-1', values: s?.p50, fill: true}, {label: 'p95', colour: 'chart-2', values: s?.p95}, {label: 'p99', colour: 'chart-3', values: s?.p99}],
      spend: [{label: 'Answered', colour: 'chart-1', values: s?.cost}, {label: 'Wasted', colour: 'chart-warn', values: s?.wasted}],
    };
  }, [series]);
  const backlogSeries = useMemo(() => [{label: 'Waiting to be run', colour: 'chart-1', values: backlog, fill: true}], [backlog]);

  const minute = o?.last?.['1m'];
  const p95 = minute?.totalLatency?.count ? minute.totalLatency.p95Millis : null;
  const at = series?.at || [];
  // Before the first answer nothing is said; without one it is said that nothing is known.
  const unread = metrics.loading;
  const empty = text => (metrics.data ? text : 'Not known now');
  const ranges = html`<div class="segments" role="group" aria-label="Time shown">
    ${Object.entries(RANGES).map(([key, r]) => html`<button key=${key} aria-pressed=${key === name}
      onClick=${() => setQuery({range: key === '15m' ? null : key}, {replace: true})}>${r.text}</button>`)}
  </div>`;

  const noJobs = o && o.states && !Object.values(o.states).some(n => n > 0);
  return html`<${Page} title="Overview" actions=${ranges} note=${o?.partial ? 'Some instances do not answer; the figures are not complete.' : null}>
    ${problem && !o && html`<${Card} label="Overview"><${Failed} problem=${problem} what="The overview"/></${Card}>`}
    ${problem && o && html`<${Stale} problem=${problem}/>`}
    ${noJobs && html`<${Card} label="First steps"><${Empty} title="No jobs yet" command="echo 'Call me Ishmael.' | ./penstock submit --kind detect-language --wait">
      Submit one, or let ./penstock demo run a thousand. It shows up here within a second.</${Empty}></${Card}>`}
    <div class="stats" role="group" aria-label="Figures of now">
      <${Stat} name="Finished" value=${rate(o?.perSecond?.finished)} unit="/s" note=${`accepted ${rate(o?.perSecond?.accepted)}/s`} spark=${tail(series?.ended)} tone="ok"/>
      <${Stat} name="Backlog" value=${count(backlogNow)} unit=${backlogNow === 1 ? 'job' : 'jobs'} href="/jobs?state=queued&state=waiting&state=scheduled&sort=acceptedAt"
        note=${waits(o?.backlog)} spark=${tail(backlog)}/>
      <${Stat} name="Latency p95" value=${duration(p95)} note=${minute?.totalLatency?.count ? `p50 ${duration(minute.totalLatency.p50Millis)}, p99 ${duration(minute.totalLatency.p99Millis)}` : o ? 'nothing finished in the last minute' : null} spark=${tail(series?.p95)} tone="second"/>
      <${Stat} name="Success rate" value=${percent(o?.successRate)} note=${o?.last?.['1h'] ? `${count(o.last['1h'].deadLettered || 0)} dead-lettered in the last hour` : null} spark=${tail(series?.share)} tone="ok" href="/dead-letters"/>
      <${Stat} name="Spend" value=${money(o?.spendPerHourNanos)} unit=${`${unit}/h`} note=${o?.last?.['1h'] ? `in the last hour${o.last['1h'].wastedCostNanos ? `, ${money(o.last['1h'].wastedCostNanos)} of it wasted` : ''}` : null} spark=${tail(series?.cost)} tone="second"/>
    </div>
    <ul class="states" aria-label="Jobs by state">
      ${STATE_NAMES.map(state => html`<li key=${state}><a href=${`/jobs?state=${state}`}><${State} state=${state}/><b>${o ? count(o.states?.[state] || 0) : none}</b></a></li>`)}
    </ul>
    <div class="grid two-one">
      <${Card} title="Throughput" extra=${series ? `finished jobs, each ${metrics.range.window === '10s' ? '10 s' : metrics.range.window === '1m' ? 'minute' : 'hour'}` : ''}>
        ${metrics.problem && !metrics.data ? html`<${Failed} problem=${metrics.problem} what="The history" reload=${metrics.reload}/>`
          : html`<${Chart} label="Finished jobs by outcome" at=${at} series=${charts.through} stacked format=${count} whole height=${246} loading=${unread}/>`}
      </${Card}>
      <${Card} title="Needs attention" extra=${o?.attention?.length ? plural(o.attention.length, 'matter') : ''} className="attention-card">
        <${Attention} items=${o ? o.attention || [] : null} problem=${problem} at=${o?.at}/>
      </${Card}>
    </div>
    <div class="grid three">
      <${Card} title="Latency" extra="from accepted to finished"><${Chart} label="Total latency" at=${at} series=${charts.latency} format=${duration} height=${168} loading=${unread} empty=${empty('Nothing finished in this time')}/></${Card}>
      <${Card} title="Backlog" extra=${o?.backlog?.oldestMillis != null ? `oldest ${duration(o.backlog.oldestMillis)}` : ''}><${Chart} label="Backlog" at=${at} series=${backlogSeries} format=${count} whole height=${168} loading=${unread || (!o && !problem)} empty=${o ? empty('Nothing waits') : 'Not known now'}/></${Card}>
      <${Card} title="Spend" extra=${`${unit && `in ${unit}, `}by answered and wasted calls`}><${Chart} label="Spend" at=${at} series=${charts.spend} stacked format=${money} height=${168} loading=${unread} empty=${empty('No call of this time has a known cost; costs come from worker.prices-file')}/></${Card}>
    </div>
    <div class="grid two">
      <${Card} title="What waits" extra=${html`<a href="/jobs?state=queued">All queued</a>`}>
        ${!o ? problem ? html`<p class="soft pad">Not known now.</p>` : html`<${Skeleton}/>` : o.backlog?.by?.length ? html`<div class="scroll-x"><table class="table">
          <thead><tr><th>Model or route</th><th>Kind</th><th class="num">Jobs</th><th class="num">Work</th></tr></thead>
          <tbody>${o.backlog.by.slice(0, 8).map(b => html`<tr key=${`${b.model}/${b.kind}`}>
            <td><a href=${`/jobs?state=queued&model=${encodeURIComponent(b.model)}&kind=${encodeURIComponent(b.kind)}`}>${b.model}</a></td><td>${b.kind}</td><td class="num">${exact(b.jobs)}</td><td class="num">${duration(b.workMillis)}</td></tr>`)}</tbody>
        </table></div>` : html`<p class="soft pad">Nothing waits.</p>`}
      </${Card}>
      <${Card} title="Why jobs fail" extra=${html`<a href="/dead-letters">All dead letters</a>`}>
        ${failures.loading ? html`<${Skeleton}/>` : failures.problem && !failures.data ? html`<p class="soft pad">Not known now.</p>`
          : failures.data?.groups?.length ? html`<div class="scroll-x"><table class="table">
            <thead><tr><th>Reason</th><th>Provider</th><th class="num">Jobs</th><th class="num">Last</th></tr></thead>
            <tbody>${failures.data.groups.slice(0, 5).map(g => html`<tr key=${g.fingerprint}>
              <td><${Code} code=${g.code}/> <a class="ellipsis-2" href=${`/dead-letters?group=${encodeURIComponent(g.fingerprint)}`}>${g.message}</a></td><td>${g.provider || none}</td><td class="num">${exact(g.jobs)}</td><td class="num nowrap"><${Ago} at=${g.lastAt}/></td></tr>`)}</tbody>
          </table></div>` : html`<p class="soft pad">No dead letters.</p>`}
      </${Card}>
    </div>
  </${Page}>`;
}
