// What changes by itself: the clock, server-sent events, and reads that are repeated. All of it rests while the tab is
// hidden, and nothing is drawn more than four times a second, however much the server tells.
import {signal, computed, effect, useEffect, useRef, useState, useValue} from './lib.js';
import {get} from './api.js';

const DRAW_EVERY_MS = 250;
const POLL_MS = 5_000;
const REOPEN_MS = [2_000, 5_000, 10_000, 30_000, 60_000];
const MAX_KEPT_CHANGES = 5_000;

export const visible = signal(document.visibilityState !== 'hidden');
document.addEventListener('visibilitychange', () => {
  visible.value = document.visibilityState !== 'hidden';
});

/** The time, for what is told as "12 s ago". */
export const now = signal(Date.now());
effect(() => {
  if (!visible.value) return undefined;
  now.value = Date.now();
  const timer = setInterval(() => {
    now.value = Date.now();
  }, 1000);
  return () => clearInterval(timer);
});

/** live | polling | paused | offline | starting */
export const connection = signal('starting');
export const overview = signal(null);
export const overviewProblem = signal(null);

/** Of all costs; empty while no worker has told of prices. */
export const currency = computed(() => overview.value?.currency || '');

/** The changes since the last drawing: {jobs: Map id → {state, version}, more}. A new object each time. */
export const changes = signal({jobs: new Map(), more: 0});

let pendingOverview = null;
let pendingJobs = new Map();
let pendingMore = 0;
let timer = 0;
let lastDrawn = 0;
/** How often anything was drawn from the stream; a test reads it. */
export const drawn = signal(0);

function flush() {
  timer = 0;
  lastDrawn = performance.now();
  drawn.value = drawn.peek() + 1;
  if (pendingOverview) {
    overview.value = pendingOverview;
    overviewProblem.value = null;
    pendingOverview = null;
  }
  if (pendingJobs.size || pendingMore) {
    changes.value = {jobs: pendingJobs, more: pendingMore};
    pendingJobs = new Map();
    pendingMore = 0;
  }
}

function later() {
  if (!timer) timer = setTimeout(flush, Math.max(0, DRAW_EVERY_MS - (performance.now() - lastDrawn)));
}

function parsed(event) {
  try {
    return JSON.parse(event.data);
  } catch {
    return null;
  }
}

function takeJobs(event) {
  const data = parsed(event);
  if (!data) return;
  for (const job of data.jobs || []) {
    if (pendingJobs.size < MAX_KEPT_CHANGES || pendingJobs.has(job.id)) pendingJobs.set(job.id, job);
    else pendingMore++;
  }
  pendingMore += data.more || 0;
  later();
}

async function poll(signal) {
  try {
    pendingOverview = await get('/v1/overview', signal);
    later();
    return true;
  } catch (e) {
    if (!signal.aborted) overviewProblem.value = e;
    return e.status !== 0;
  }
}

// The stream while the tab is seen; where there is none, the overview is asked for instead.
effect(() => {
  if (!visible.value) {
    connection.value = 'paused';
    return undefined;
  }
  const stop = new AbortController();
  let source = null;
  let failures = 0;
  let reopen = 0;
  let polling = 0;
  const startPolling = () => {
    if (polling) return;
    const tick = async () => {
      const reached = await poll(stop.signal);
      if (stop.signal.aborted || !polling) return;
      connection.value = reached ? 'polling' : 'offline';
      polling = setTimeout(tick, POLL_MS);
    };
    polling = setTimeout(tick, failures === 1 ? 1000 : 0);
  };
  const stopPolling = () => {
    clearTimeout(polling);
    polling = 0;
  };
  const open = () => {
    source = new EventSource('/v1/live?topics=overview,jobs');
    source.addEventListener('open', () => {
      failures = 0;
      stopPolling();
      connection.value = 'live';
    });
    source.addEventListener('overview', event => {
      pendingOverview = parsed(event) || pendingOverview;
      later();
    });
    source.addEventListener('jobs', takeJobs);
    source.addEventListener('error', () => {
      const closed = source.readyState === EventSource.CLOSED;
      failures++;
      if (connection.peek() === 'live') connection.value = 'polling';
      startPolling();
      // A broken connection comes back by itself; a refused one is asked for again, more and more rarely.
      if (closed) reopen = setTimeout(open, REOPEN_MS[Math.min(failures - 1, REOPEN_MS.length - 1)]);
    });
  };
  poll(stop.signal);
  open();
  return () => {
    stop.abort();
    source?.close();
    clearTimeout(reopen);
    stopPolling();
    clearTimeout(timer);
    timer = 0;
  };
});

/**
 * Reads `path` (null: nothing), again every `every` ms while the tab is seen, sooner after `reload()`. What was read stays while it
 * is read anew; `key` (default: the path) says when it is something else altogether.
 */
export function useResource(path, {every = 0, key = path} = {}) {
  const [state, set] = useState({key: null, data: null, problem: null, loading: true});
  const [turn, again] = useState(0);
  const shown = useValue(visible);
  const latest = useRef(state);
  latest.current = state;
  useEffect(() => {
    if (path == null || !shown) return undefined;
    const stop = new AbortController();
    let timer = 0;
    if (latest.current.key !== key) set({key, data: null, problem: null, loading: true});
    const read = async () => {
      let wait = every;
      try {
        const data = await get(path, stop.signal);
        set({key, data, problem: null, loading: false});
      } catch (problem) {
        if (stop.signal.aborted) return;
        set(s => ({key, data: s.key === key ? s.data : null, problem, loading: false}));
        // Something that passes is tried again also by what is read once.
        if (problem.status === 0 || problem.status === 503) wait = Math.max(every, 3_000);
        else if (problem.status === 404) wait = every ? Math.max(every, 30_000) : 0;
      }
      if (!stop.signal.aborted && wait) timer = setTimeout(read, wait);
    };
    read();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [path, key, every, shown, turn]);
  const current = state.key === key ? state : {data: null, problem: null, loading: path != null};
  return {...current, reload: () => again(n => n + 1)};
}
