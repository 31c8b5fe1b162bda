'use strict';
// Shows /openapi.json and lets one try its operations. Everything that comes from a server is set as text, never as HTML.

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const MAX_SHOWN_CHARS = 200000;

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === 'class') made.className = value;
    else if (key in made && typeof value !== 'string') made[key] = value;
    else made.setAttribute(key, value);
  }
  for (const child of children) {
    if (child !== null && child !== undefined) made.append(child);
  }
  return made;
}

function resolve(document_, value) {
  let found = value;
  for (let hops = 0; found && found.$ref && hops < 20; hops++) {
    found = found.$ref
      .slice(2)
      .split('/')
      .reduce((node, part) => node?.[part.replace(/~1/g, '/').replace(/~0/g, '~')], document_);
  }
  return found || {};
}

function refName(value) {
  return value?.$ref ? value.$ref.split('/').pop() : '';
}

function bounds(schema) {
  const said = [];
  if (schema.const !== undefined) said.push(`always ${JSON.stringify(schema.const)}`);
  if (schema.enum) said.push(`one of ${schema.enum.join(', ')}`);
  if (schema.minimum !== undefined) said.push(`from ${schema.minimum}`);
  if (schema.maximum !== undefined) said.push(`to ${schema.maximum}`);
  if (schema.minLength !== undefined) said.push(`at least ${schema.minLength} character(s)`);
  if (schema.maxLength !== undefined) said.push(`at most ${schema.maxLength} characters`);
  if (schema.minItems !== undefined) said.push(`at least ${schema.minItems} items`);
  if (schema.maxItems !== undefined) said.push(`at most ${schema.maxItems} items`);
  if (schema.maxProperties !== undefined) said.push(`at most ${schema.maxProperties} entries`);
  if (schema.uniqueItems) said.push('no item twice');
  if (schema.default !== undefined) said.push(`default ${JSON.stringify(schema.default)}`);
  return said.join('; ');
}

/** A schema as nested lists; `seen` ends circles. */
function schemaView(document_, value, seen = []) {
  const schema = resolve(document_, value);
  const name = refName(value);
  const view = element('div', { class: 'schema' });
  if (schema.description) view.append(element('p', { class: 'hint' }, schema.description));
  const limits = bounds(schema);
  if (limits) view.append(element('p', { class: 'hint' }, limits));
  if (seen.includes(name) && name) return view;
  const path = name ? [...seen, name] : seen;
  for (const [key, property] of Object.entries(schema.properties || {})) {
    const inner = resolve(document_, property);
    const required = (schema.required || []).includes(key);
    view.append(
      element('p', {}, element('code', {}, key), ` ${inner.type || 'any'}${required ? ', required' : ''}`),
      schemaView(document_, property, path));
  }
  if (schema.items) view.append(element('p', { class: 'hint' }, 'each item:'), schemaView(document_, schema.items, path));
  for (const part of schema.allOf || []) {
    const rule = resolve(document_, part);
    for (const choice of rule.allOf || [rule]) {
      const kind = choice.if?.properties?.kind?.const;
      const input = choice.then?.properties?.input;
      if (kind && input) {
        view.append(
          element('details', {}, element('summary', {}, `input of ${kind}`), schemaView(document_, input, path)));
      }
    }
  }
  return view;
}

function parametersOf(document_, item, operation) {
  return [...(item.parameters || []), ...(operation.parameters || [])].map((p) => resolve(document_, p));
}

function parameterTable(document_, parameters) {
  const body = element('tbody');
  for (const parameter of parameters) {
    body.append(
      element('tr', {},
        element('td', {}, parameter.name),
        element('td', {}, parameter.in + (parameter.required ? ', required' : '')),
        element('td', {}, parameter.description || '')));
  }
  return element('table', {}, body);
}

function responseTable(document_, responses) {
  const body = element('tbody');
  for (const [status, value] of Object.entries(responses)) {
    const response = resolve(document_, value);
    const cell = element('td', {}, response.description || '');
    for (const [type, media] of Object.entries(response.content || {})) {
      if (media.schema) {
        cell.append(
          element('details', {}, element('summary', {}, type), schemaView(document_, media.schema)));
      }
    }
    body.append(element('tr', {}, element('td', {}, status), cell));
  }
  return element('table', {}, body);
}

/** Paragraphs, whose lines the browser breaks: those of the file are as wide as an editor. */
function prose(text) {
  return element('p', { class: 'prose' }, text.trim().replace(/(\S) *\n(?=\S)/g, '$1 '));
}

function exampleText(example) {
  return typeof example.value === 'string' ? example.value : JSON.stringify(example.value, null, 2);
}

async function show(response, out, signal) {
  const headers = ['location', 'etag', 'retry-after', 'idempotency-replayed', 'content-type']
    .filter((name) => response.headers.has(name))
    .map((name) => `${name}: ${response.headers.get(name)}`);
  out.textContent = `${response.status} ${response.statusText}\n${headers.join('\n')}\n\n`;
  if (!response.body) return;
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  signal.addEventListener('abort', () => reader.cancel().catch(() => {}));
  let text = '';
  const head = out.textContent;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    text = (text + decoder.decode(value, { stream: true })).slice(-MAX_SHOWN_CHARS);
    out.textContent = head + text;
  }
  const type = response.headers.get('content-type') || '';
  if (/json$/.test(type.split(';')[0]) && !/ndjson/.test(type)) {
    try {
      out.textContent = head + JSON.stringify(JSON.parse(text), null, 2);
    } catch {
      out.textContent = head + text;
    }
  }
}

function tryForm(document_, path, method, parameters, operation) {
  const form = element('form');
  const inputs = new Map();
  for (const parameter of parameters) {
    const input = element('input', { type: 'text', autocomplete: 'off', spellcheck: false });
    if (parameter.required) input.required = true;
    inputs.set(parameter, input);
    form.append(element('label', {}, `${parameter.name} (${parameter.in})`, input));
  }
  const content = operation.requestBody?.content || {};
  const types = Object.keys(content);
  const type = element('select', {}, ...types.map((t) => element('option', { value: t }, t)));
  const example = element('select');
  const body = element('textarea', { spellcheck: false });
  function fillBody() {
    const examples = content[type.value]?.examples || {};
    if (examples[example.value]) body.value = exampleText(examples[example.value]);
  }
  function fillExamples() {
    example.replaceChildren(
      ...Object.keys(content[type.value]?.examples || {}).map((name) => element('option', { value: name }, name)));
    fillBody();
  }
  if (types.length) {
    type.addEventListener('change', fillExamples);
    example.addEventListener('change', fillBody);
    fillExamples();
    form.append(
      element('label', {}, 'Content-Type', type),
      element('label', {}, 'example', example),
      element('label', {}, 'body', body));
  }
  const send = element('button', { type: 'submit' }, 'Send');
  const stop = element('button', { type: 'button', class: 'plain', hidden: true }, 'Stop');
  const out = element('pre', { hidden: true, 'aria-live': 'polite' });
  form.append(element('div', { class: 'row' }, send, stop), out);
  let running = null;
  stop.addEventListener('click', () => running?.abort());
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    running?.abort();
    const mine = new AbortController();
    running = mine;
    let target = path;
    const headers = {};
    const query = new URLSearchParams();
    for (const [parameter, input] of inputs) {
      if (parameter.in === 'path') target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value.trim()));
      else if (parameter.in === 'header' && input.value) headers[parameter.name] = input.value;
      else if (parameter.in === 'query' && input.value) query.set(parameter.name, input.value.trim());
    }
    if (query.size) target += `?${query}`;
    if (types.length) headers['Content-Type'] = type.value;
    out.hidden = false;
    stop.hidden = false;
    out.textContent = 'Waiting…';
    try {
      const response = await fetch(target, {
        method: method.toUpperCase(),
        headers,
        body: types.length ? body.value : undefined,
        signal: mine.signal,
        cache: 'no-store',
      });
      await show(response, out, mine.signal);
    } catch (error) {
      out.textContent += mine.signal.aborted ? '\n(stopped)' : `\nNo answer: ${error.message}`;
    } finally {
      if (running === mine) stop.hidden = true;
    }
  });
  return form;
}

function operationView(document_, path, item, method) {
  const operation = item[method];
  const parameters = parametersOf(document_, item, operation);
  const inside = element('div');
  if (operation.description) inside.append(prose(operation.description));
  if (parameters.length) inside.append(element('h3', {}, 'Parameters'), parameterTable(document_, parameters));
  for (const [type, media] of Object.entries(operation.requestBody?.content || {})) {
    inside.append(
      element('h3', {}, 'Body'),
      element('details', {}, element('summary', {}, type), schemaView(document_, media.schema)));
  }
  inside.append(
    element('h3', {}, 'Answers'),
    responseTable(document_, operation.responses || {}),
    element('h3', {}, 'Try it'),
    tryForm(document_, path, method, parameters, operation));
  const upper = method.toUpperCase();
  return element('details', { class: 'operation', id: operation.operationId },
    element('summary', {},
      element('span', { class: `method ${upper}` }, upper),
      element('span', { class: 'path' }, path),
      element('span', { class: 'hint' }, operation.summary || '')),
    inside);
}

function openNamed() {
  const target = document.getElementById(location.hash.slice(1));
  if (target && target.tagName === 'DETAILS') {
    target.open = true;
    target.scrollIntoView();
  }
}

async function load() {
  const response = await fetch('/openapi.json');
  if (!response.ok) throw new Error(`the description answered ${response.status}`);
  const document_ = await response.json();
  document.getElementById('summary').textContent = document_.info.summary || '';
  const main = document.getElementById('main');
  const nav = document.getElementById('nav');
  main.replaceChildren(prose(document_.info.description || ''));
  for (const tag of document_.tags || []) {
    main.append(element('h2', {}, tag.name), element('p', { class: 'hint' }, tag.description || ''));
    for (const [path, item] of Object.entries(document_.paths)) {
      for (const method of METHODS) {
        if (!item[method]?.tags?.includes(tag.name)) continue;
        main.append(operationView(document_, path, item, method));
        nav.append(
          element('a', { href: `#${item[method].operationId}` },
            element('span', { class: `method ${method.toUpperCase()}` }, method.toUpperCase()),
            ` ${path}`));
      }
    }
  }
  window.addEventListener('hashchange', openNamed);
  openNamed();
}

load().catch((error) => {
  document.getElementById('main').replaceChildren(element('p', { class: 'error' }, `This page can't load: ${error.message}`));
});
