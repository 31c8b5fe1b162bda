// Charts over time, drawn by uPlot with the colours of the style sheet.
import {html, useEffect, useRef, useState} from './lib.js';
import {Skeleton} from './ui.js';
import uPlot from './vendor/uplot.js';

const DAY = 86_400;
const hm = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', hour12: false});
const hms = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false});
const dm = new Intl.DateTimeFormat('en-GB', {day: '2-digit', month: 'short'});
const full = new Intl.DateTimeFormat('en-GB', {day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false});

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Fills what the server left out: the points of one series on a regular grid, as seconds and points (or null). */
export function onGrid(metrics, points) {
  const step = {'10s': 10, '1m': 60, '1h': 3600}[metrics.window] || 60;
  const byTime = new Map();
  for (const p of points) byTime.set(Math.floor(Date.parse(p.at) / 1000 / step) * step, p);
  const first = Math.floor(Date.parse(metrics.from) / 1000 / step) * step;
  const last = Math.floor((Date.parse(metrics.to) - 1) / 1000 / step) * step;
  const at = [];
  const found = [];
  for (let t = first; t <= last && at.length < 2000; t += step) {
    at.push(t);
    found.push(byTime.get(t) || null);
  }
  return {at, points: found, step};
}

function axisTimes(splits) {
  const span = splits.length > 1 ? splits.at(-1) - splits[0] : 0;
  const step = splits.length > 1 ? splits[1] - splits[0] : 60;
  return splits.map(s => (span > 2 * DAY ? dm : step < 60 ? hms : hm).format(s * 1000));
}

/** As wide as the longest label needs. uPlot asks several times; only the first answer may differ. */
function labelWidth(plot, labels, axis, turn) {
  const own = plot.axes[axis];
  if (turn > 1) return own._size;
  const longest = (labels || []).reduce((a, b) => (b && b.length > a.length ? b : a), '');
  plot.ctx.font = own.font[0];
  return Math.max(28, Math.ceil(plot.ctx.measureText(longest).width / devicePixelRatio) + 12);
}

/** Steps of a scale on which only whole numbers mean anything. */
const WHOLE_STEPS = Array.from({length: 13}, (_, i) => [1, 2, 5].map(n => n * 10 ** i)).flat();

function plotOf(element, {series, stacked, format, whole, height}, tell) {
  const line = colour('line');
  const soft = colour('soft');
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const drawn = stacked ? [...series].reverse() : series;
  return new uPlot({
    width: Math.max(200, element.clientWidth), height,
    padding: [10, 8, 0, 0],
    legend: {show: false},
    cursor: {y: false, drag: {x: false, y: false}, points: {show: !stacked, size: 6}},
    scales: {x: {time: true}, y: {range: (_, lo, hi) => [0, hi > 0 ? hi * 1.08 : 1]}},
    axes: [
      {stroke: soft, font, grid: {show: false}, ticks: {stroke: line, size: 4}, size: 28, space: 70, values: (_, splits) => axisTimes(splits)},
      {stroke: soft, font, grid: {stroke: line, width: 1}, ticks: {show: false}, size: labelWidth, gap: 4, space: 34, ...(whole ? {incrs: WHOLE_STEPS} : {}), values: (_, splits) => splits.map(format)},
    ],
    series: [{}, ...drawn.map(s => ({
      label: s.label,
      stroke: colour(s.colour),
      width: stacked ? 0 : 1.75,
      fill: stacked ? colour(s.colour) : s.fill ? `${colour(s.colour)}26` : undefined,
      dash: s.dash,
      spanGaps: false,
      points: stacked ? {show: false} : {show: true, size: 5, filter: (u, i) => alone(u.data[i])},
      paths: stacked ? uPlot.paths.bars({size: [0.82, 28], radius: 0.1}) : undefined,
    }))],
    hooks: {setCursor: [u => tell(u.cursor.idx ?? null, u.cursor.left)]},
  }, dataOf({series, stacked}, []), element);
}

/** Nothing counted is zero; nothing measured is nothing. */
function valueOf(value, stacked, format) {
  return value == null && !stacked ? '–' : format(value ?? 0);
}

/** Values without a neighbour: a line does not show them. */
function alone(values) {
  const found = [];
  values.forEach((v, i) => {
    if (v != null && values[i - 1] == null && values[i + 1] == null) found.push(i);
  });
  return found;
}

function dataOf({series, stacked}, at) {
  if (!stacked) return [at, ...series.map(s => s.values || [])];
  const sums = [];
  let below = at.map(() => 0);
  for (const s of series) {
    below = below.map((sum, i) => sum + (s.values?.[i] || 0));
    sums.push(below);
  }
  return [at, ...sums.reverse()];
}

/**
 * One chart. `series` is [{label, colour (a token), values, fill?}], `at` the times in seconds; with `whole` only whole numbers stand on
 * the scale. The words below it say the latest values, for those who do not see it.
 */
export function Chart({label, at, series, stacked = false, format = String, whole = false, height = 200, loading = false, empty = 'Nothing yet in this time'}) {
  const box = useRef(null);
  const plot = useRef(null);
  const [point, tell] = useState(null);
  const [theme, setTheme] = useState(0);
  const shape = series.map(s => `${s.label}/${s.colour}`).join() + stacked;
  const has = at.length > 1 && series.some(s => s.values?.some(v => v != null && v !== 0));
  useEffect(() => {
    const changed = () => setTheme(n => n + 1);
    addEventListener('penstock-theme', changed);
    return () => removeEventListener('penstock-theme', changed);
  }, []);
  useEffect(() => {
    if (!has) return undefined;
    const element = box.current;
    const made = plotOf(element, {series, stacked, format, whole, height}, (index, left) => tell(index == null ? null : {index, left}));
    plot.current = made;
    made.setData(dataOf({series, stacked}, at));
    const watch = new ResizeObserver(() => made.setSize({width: Math.max(200, element.clientWidth), height}));
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [has, shape, theme, height]);
  useEffect(() => {
    plot.current?.setData(dataOf({series, stacked}, at));
  }, [at, series]);
  const index = point?.index ?? at.length - 1;
  const latest = series.map(s => `${s.label} ${valueOf(s.values?.at(-1), stacked, format)}`).join(', ');
  return html`<figure class="chart">
    <ul class="legend" aria-hidden="true">
      ${series.map(s => html`<li key=${s.label}><i class=${`key c-${s.colour}`}></i>${s.label}
        <b>${has && index >= 0 ? valueOf(s.values?.[index], stacked, format) : ''}</b></li>`)}
      <li class="when">${has && point ? full.format(at[index] * 1000) : ''}</li>
    </ul>
    <div class="plot" style=${{height: `${height}px`}} ref=${box} role="img" aria-label=${`${label}. Latest: ${has ? latest : loading ? 'not read yet' : 'nothing'}.`}>
      ${!has && (loading ? html`<${Skeleton} height=${height}/>` : html`<div class="plot-empty">${empty}</div>`)}
    </div>
  </figure>`;
}

