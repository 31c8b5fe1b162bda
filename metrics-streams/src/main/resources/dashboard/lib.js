// The libraries, in one place, and what joins signals to components.
import {h, render, Fragment} from './vendor/preact.js';
import {
  useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useId, useErrorBoundary,
} from './vendor/hooks.js';
import htm from './vendor/htm.js';
import {signal, computed, effect, batch} from './vendor/signals.js';
import {seen} from './format.js';

const READ_OUT = ['title', 'aria-label'];

/** Whatever is shown passes here, so nothing in it is hidden or turns around what stands beside it. What is sent or copied does not. */
function node(type, props, ...children) {
  if (typeof type === 'string' && props) {
    for (const name of READ_OUT) if (typeof props[name] === 'string') props[name] = seen(props[name]);
  }
  return h(type, props, ...children.map(child => (typeof child === 'string' ? seen(child) : child)));
}

export const html = htm.bind(node);
export {
  render, Fragment, useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useId, useErrorBoundary,
  signal, computed, effect, batch,
};

/** The value of a signal; the component is drawn anew when it changes. */
export function useValue(source) {
  const [, redraw] = useState(0);
  const drawn = useRef();
  drawn.current = source.peek();
  useEffect(() => effect(() => {
    if (source.value !== drawn.current) redraw(n => n + 1);
  }), [source]);
  return drawn.current;
}
