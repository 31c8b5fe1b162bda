// A list of any length of which only the rows in sight exist.
import {html, useEffect, useLayoutEffect, useRef, useState} from './lib.js';

const BEYOND = 8;

/**
 * Rows of one height. `row(i)` draws one; `cursor` is kept in sight; `onEnd` is called when the end comes near.
 */
export function Rows({count, height, row, cursor, onEnd, label, gridProps = {}, head, id}) {
  const box = useRef(null);
  const [view, setView] = useState({top: 0, rows: 30});
  const measure = () => {
    const element = box.current;
    if (!element) return;
    const top = Math.max(0, Math.floor(element.scrollTop / height) - BEYOND);
    const rows = Math.ceil(element.clientHeight / height) + 2 * BEYOND;
    setView(v => (v.top === top && v.rows === rows ? v : {top, rows}));
  };
  useEffect(() => {
    const element = box.current;
    let frame = 0;
    const soon = () => {
      if (!frame) {
        frame = requestAnimationFrame(() => {
          frame = 0;
          measure();
        });
      }
    };
    element.addEventListener('scroll', soon, {passive: true});
    const watch = new ResizeObserver(soon);
    watch.observe(element);
    measure();
    return () => {
      element.removeEventListener('scroll', soon);
      watch.disconnect();
      cancelAnimationFrame(frame);
    };
  }, [height]);
  useLayoutEffect(() => {
    const element = box.current;
    if (cursor == null || cursor < 0) return;
    const top = cursor * height;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + height > element.scrollTop + element.clientHeight) element.scrollTop = top + height - element.clientHeight;
    measure();
  }, [cursor, height]);
  const last = Math.min(count, view.top + view.rows);
  useEffect(() => {
    if (last >= count - 3 * BEYOND) onEnd?.();
  }, [last, count]);
  const drawn = [];
  for (let i = Math.min(view.top, Math.max(0, count - 1)); i < last; i++) drawn.push(row(i));
  return html`<div class="rows-frame" role="grid" aria-label=${label} aria-rowcount=${count + 1} id=${id} tabindex="0" ...${gridProps}>
    ${head}
    <div class="rows" ref=${box} role="rowgroup" tabindex="-1">
      <div class="rows-space" role="presentation" style=${{height: `${count * height}px`}}>${drawn}</div>
    </div>
  </div>`;
}
