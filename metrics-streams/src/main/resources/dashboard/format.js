// How numbers, times and money are written. Everything is plain text.
const NONE = '–';

// Characters that are not seen, or that turn the order of those beside them; tags (E0000…) are letters that nobody sees.
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\r(?!\n)/u;
const EACH_UNSEEN = new RegExp(UNSEEN, 'gu');

function mark(character) {
  return `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

/** The text with what can't be seen in it shown by its number; breaks of lines and tabs stay. */
export function seen(text) {
  return UNSEEN.test(text) ? text.replace(EACH_UNSEEN, mark) : text;
}

const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const compact = new Intl.NumberFormat('en', {notation: 'compact', maximumFractionDigits: 1});
const stamp = new Intl.DateTimeFormat('en-GB', {
  year: 'numeric', month: 'short', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false,
});
const clock = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false});

export const none = NONE;

export function count(n) {
  if (n == null) return NONE;
  return Math.abs(n) < 10000 ? whole.format(n) : compact.format(n);
}

export function exact(n) {
  return n == null ? NONE : whole.format(n);
}

export function rate(perSecond) {
  if (perSecond == null) return NONE;
  if (perSecond >= 100) return count(perSecond);
  return perSecond >= 10 ? perSecond.toFixed(1) : perSecond.toFixed(2).replace(/\.?0+$/, '') || '0';
}

export function percent(share) {
  if (share == null) return NONE;
  const p = share * 100;
  if (p === 100 || p === 0) return `${p} %`;
  return `${p > 99.9 ? Math.min(99.99, p).toFixed(2) : p.toFixed(1)} %`;
}

/** Milliseconds in the two units that matter. */
export function duration(ms) {
  if (ms == null || Number.isNaN(ms)) return NONE;
  if (ms < 0) return `−${duration(-ms)}`;
  if (ms < 1) return '0 ms';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.round(ms / 1000);
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60 ? `${s % 60} s` : ''}`.trim();
  const m = Math.round(s / 60);
  if (m < 1440) return `${Math.floor(m / 60)} h ${m % 60 ? `${m % 60} min` : ''}`.trim();
  const hours = Math.round(m / 60);
  return `${Math.floor(hours / 24)} d ${hours % 24 ? `${hours % 24} h` : ''}`.trim();
}

/** ISO 8601 (PT1M2.5S) in milliseconds. */
export function isoMillis(text) {
  if (text == null) return null;
  if (typeof text === 'number') return text;
  const m = /^(-)?P(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/.exec(text);
  if (!m) return null;
  const part = i => Number(m[i] || 0);
  return (m[1] ? -1 : 1) * (((part(2) * 24 + part(3)) * 60 + part(4)) * 60 + part(5)) * 1000;
}

export function instant(text) {
  if (!text) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

/** "12 s ago", "in 3 min". */
export function relative(text, now) {
  const at = instant(text);
  if (at == null) return NONE;
  const gap = now - at;
  const size = Math.abs(gap);
  let words;
  if (size < 1500) return gap >= 0 ? 'now' : 'in 1 s';
  if (size < 60_000) words = `${Math.round(size / 1000)} s`;
  else if (size < 3_600_000) words = `${Math.round(size / 60_000)} min`;
  else if (size < 172_800_000) words = `${Math.round(size / 3_600_000)} h`;
  else words = `${Math.round(size / 86_400_000)} d`;
  return gap >= 0 ? `${words} ago` : `in ${words}`;
}

export function time(text) {
  const at = instant(text);
  return at == null ? NONE : stamp.format(at);
}

export function timeOfDay(text) {
  const at = typeof text === 'number' ? text : instant(text);
  return at == null ? NONE : clock.format(at);
}

/** Billionths of the currency; `currency` (live.js) says which. */
export function money(nanos) {
  if (nanos == null) return NONE;
  const units = nanos / 1e9;
  if (units === 0) return '0';
  const size = Math.abs(units);
  if (size >= 1000) return whole.format(units);
  if (size >= 1) return units.toFixed(2);
  if (size >= 0.01) return units.toFixed(3);
  return size < 0.000001 ? '<0.000001' : units.toFixed(6).replace(/0+$/, '');
}

export function shortId(id) {
  return id ? `${id.slice(0, 8)}…${id.slice(-4)}` : NONE;
}

export function plural(n, one, many = `${one}s`) {
  return `${exact(n)} ${n === 1 ? one : many}`;
}
