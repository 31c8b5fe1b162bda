// Talking with the server: reads, writes with the dashboard's header and token, and problems as errors.
import {signal} from './lib.js';

const TOKEN = 'penstock-token';
const TIMEOUT_MS = 20_000;

/** What went wrong, as the server told it, or why it could not. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail || body.title || `The server answered ${status}.`);
    this.status = status;
    this.code = body.code || '';
    this.title = body.title || '';
    this.errors = Array.isArray(body.errors) ? body.errors : [];
    this.retryAfter = body.retryAfter;
  }

  /** What to do about it. */
  get advice() {
    if (this.status === 0) return 'Look whether the streams service runs (./penstock standalone, or ./penstock streams). The page tries again by itself.';
    if (this.code === 'view_not_ready') return 'The views are restoring or moving to another instance. The page tries again by itself.';
    if (this.status === 404) return 'This version of the server may not have it.';
    if (this.status === 503) return 'The page tries again by itself.';
    if (this.status === 403) return 'Open the dashboard at its own address.';
    return 'Try again; the log of the streams service may say more.';
  }
}

/** Set while a person is asked for the token: {refused, answer(tokenOrNull)}. */
export const tokenAsked = signal(null);

function kept() {
  try {
    return sessionStorage.getItem(TOKEN);
  } catch {
    return null;
  }
}

function keep(token) {
  try {
    sessionStorage.setItem(TOKEN, token);
  } catch {
    // Asked again next time, then.
  }
}

async function call(path, options, signal) {
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  let response;
  try {
    response = await fetch(path, {
      credentials: 'same-origin', cache: 'no-cache', ...options,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new Problem(0, {
      title: 'No answer',
      detail: limit.aborted ? `The server did not answer within ${TIMEOUT_MS / 1000} s.` : 'The server can’t be reached.',
    });
  }
  const isJson = /json/.test(response.headers.get('content-type') || '');
  let body = null;
  try {
    body = isJson ? await response.json() : null;
  } catch (e) {
    if (signal?.aborted) throw e;
    throw new Problem(response.status, {title: 'Unreadable answer', detail: 'The answer broke off or is no JSON.'});
  }
  if (!response.ok) {
    throw new Problem(response.status, {retryAfter: Number(response.headers.get('retry-after')) || undefined, ...body});
  }
  return body;
}

export function get(path, signal) {
  return call(path, {headers: {accept: 'application/json'}}, signal);
}

/** Changes something. Asks for the token where the server wants one, as often as it takes. */
export async function send(method, path, body, headers = {}) {
  let token = kept();
  for (;;) {
    const sent = {'penstock-dashboard': '1', accept: 'application/json', ...headers};
    if (body !== undefined) sent['content-type'] = 'application/json';
    if (token) sent.authorization = `Bearer ${token}`;
    try {
      return await call(path, {method, headers: sent, body: body === undefined ? undefined : JSON.stringify(body)});
    } catch (e) {
      if (e.status !== 401) throw e;
      token = await new Promise(answer => {
        tokenAsked.value = {refused: e.code === 'token_refused', answer};
      });
      tokenAsked.value = null;
      if (!token) throw new Problem(401, {title: 'Not done', detail: 'Nothing was changed: no token was given.'});
      keep(token);
    }
  }
}
