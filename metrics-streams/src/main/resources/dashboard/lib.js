// The libraries, in one place, and what joins signals to components.
import {h, render, Fragment} from './vendor/preact.js';
import {
  useState, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useId, useErrorBoundary,
} from './vendor/hooks.js';
import htm from './vendor/htm.js';
import {signal, computed, effect, batch} from './vendor/signals.js';

export const html = htm.bind(h);
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
