// Where the page is: the path says which screen, the query its filters. The browser's history works.
import {signal} from './lib.js';

// Links from elsewhere may name a screen behind a hash.
if (/^#\/(?![/\\])/.test(location.hash)) history.replaceState(null, '', location.hash.slice(1));

const read = () => ({path: location.pathname.replace(/\/+$/, '') || '/', query: new URLSearchParams(location.search)});

export const route = signal(read());

export function navigate(href, {replace = false} = {}) {
  const target = new URL(href, location.href);
  if (target.origin !== location.origin) return;
  const href2 = target.pathname + target.search;
  if (href2 !== location.pathname + location.search) {
    history[replace ? 'replaceState' : 'pushState'](null, '', href2);
  }
  route.value = read();
}

/** Sets and removes parameters of the query: {state: 'queued', q: null, kind: ['a', 'b']}. */
export function setQuery(changes, {replace = false} = {}) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    query.delete(name);
    for (const each of [value].flat()) if (each != null && each !== '') query.append(name, each);
  }
  const text = query.toString();
  navigate(location.pathname + (text ? `?${text}` : ''), {replace});
}

addEventListener('popstate', () => {
  route.value = read();
});

addEventListener('click', event => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.('a[href]');
  if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin || link.hash) return;
  event.preventDefault();
  navigate(link.href);
});
