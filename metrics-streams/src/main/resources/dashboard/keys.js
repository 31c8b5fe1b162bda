// Keys for the whole page. A screen binds its own while it is shown; none work while one types or a dialog is open.
const bound = [];

/** Binds keys by `event.key`; a handler that returns false leaves the key to the browser. Returns what unbinds them. */
export function bind(keys) {
  bound.push(keys);
  return () => {
    const at = bound.indexOf(keys);
    if (at >= 0) bound.splice(at, 1);
  };
}

const typing = element => element.closest?.('input:not([type=checkbox]), textarea, select, [contenteditable], pre') != null;

let lead = 0;

addEventListener('keydown', event => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target) || document.querySelector('dialog[open]')) return;
  let key = event.key;
  const led = lead && Date.now() - lead < 1500;
  lead = 0;
  if (led) key = `g ${key}`;
  else if (key === 'g') {
    lead = Date.now();
    return;
  }
  for (let i = bound.length - 1; i >= 0; i--) {
    const handler = bound[i][key];
    if (handler) {
      if (handler(event) !== false) event.preventDefault();
      return;
    }
  }
});
