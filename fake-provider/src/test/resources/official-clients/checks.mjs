// Runs the official clients against a fake provider and prints one line of JSON a check: {"name", "error"?}.
// FAKE_URL says where it is. OfficialClientsTest starts this and reads the lines.
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const url = process.env.FAKE_URL;
const openaiWith = (options) =>
  new OpenAI({ apiKey: 'sk-fake', baseURL: `${url}/v1`, maxRetries: 0, timeout: 20_000, ...options });
const anthropicWith = (options) =>
  new Anthropic({ apiKey: 'sk-fake', baseURL: url, maxRetries: 0, timeout: 20_000, ...options });
const openai = openaiWith({});
const anthropic = anthropicWith({});

const control = async (method, path, body) => {
  const answer = await fetch(`${url}/_fake/${path}`, { method, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${answer.status < 300 ? '' : await answer.text()}`);
  return answer.status === 204 ? undefined : answer.json();
};
const script = (...rules) => control('PUT', 'script', { rules });
const calls = () => control('GET', 'calls');

const user = (content) => [{ role: 'user', content }];
const chat = (client, more) =>
  client.chat.completions.create({ model: 'gpt-fake-1', messages: user('What turns the wheel?'), ...more });
const message = (client, more) =>
  client.messages.create({
    model: 'claude-fake-1', max_tokens: 100, messages: user('What turns the wheel?'), ...more });
const schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    litres: { type: 'integer', minimum: 1, maximum: 9 },
    tags: { type: 'array', items: { type: 'string', enum: ['cold', 'clear'] }, minItems: 1 },
    next: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/valve' }] },
  },
  required: ['name', 'litres', 'tags', 'next'],
  additionalProperties: false,
  $defs: { valve: { type: 'object', properties: { open: { type: 'boolean' } }, required: ['open'] } },
};
const fits = (value) => {
  assert.deepEqual(Object.keys(value), ['name', 'litres', 'tags', 'next']);
  assert.equal(typeof value.name, 'string');
  assert.ok(Number.isInteger(value.litres) && value.litres >= 1 && value.litres <= 9);
  assert.ok(value.tags.length >= 1 && value.tags.every((tag) => ['cold', 'clear'].includes(tag)));
  assert.ok(value.next === null || typeof value.next.open === 'boolean');
};
const failure = async (promise) => {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: 'the call did not fail' });
};

const checks = {};

// --- OpenAI: chat completions
checks['openai chat'] = async () => {
  const answer = await chat(openai);
  assert.equal(answer.object, 'chat.completion');
  assert.equal(answer.choices[0].finish_reason, 'stop');
  assert.equal(answer.choices[0].message.content.length, 128);
  assert.deepEqual(
    [answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens], [6, 32, 38]);
  assert.match(answer._request_id, /^req_[0-9a-f]{32}$/);
};
checks['openai chat, streamed'] = async () => {
  const whole = await chat(openai);
  const stream = openai.chat.completions.stream({
    model: 'gpt-fake-1', messages: user('What turns the wheel?'), stream_options: { include_usage: true } });
  let deltas = 0;
  stream.on('content', () => deltas++);
  const last = await stream.finalChatCompletion();
  assert.ok(deltas > 4, `${deltas} deltas`);
  assert.equal(last.choices[0].message.content, whole.choices[0].message.content);
  assert.equal(last.choices[0].finish_reason, 'stop');
  assert.equal((await stream.totalUsage()).total_tokens, 38);
};
checks['openai chat, structured'] = async () => {
  const answer = await openai.chat.completions.parse({
    model: 'gpt-fake-1', messages: user('A spring'),
    response_format: { type: 'json_schema', json_schema: { name: 'spring', strict: true, schema } } });
  fits(JSON.parse(answer.choices[0].message.content));
};
const tools = [{ type: 'function', function: { name: 'pour', description: 'Pours', parameters: schema } }];
checks['openai chat, tools'] = async () => {
  const answer = await chat(openai, { tools, tool_choice: { type: 'function', function: { name: 'pour' } } });
  const call = answer.choices[0].message.tool_calls[0];
  assert.equal(answer.choices[0].finish_reason, 'tool_calls');
  assert.equal(answer.choices[0].message.content, null);
  assert.equal(call.function.name, 'pour');
  fits(JSON.parse(call.function.arguments));
  const after = await chat(openai, {
    tools,
    messages: [...user('Pour'), answer.choices[0].message, { role: 'tool', tool_call_id: call.id, content: 'done' }] });
  assert.equal(after.choices[0].finish_reason, 'stop');
};
checks['openai chat, tools, streamed'] = async () => {
  const last = await openai.chat.completions
    .stream({ model: 'gpt-fake-1', messages: user('Pour'), tools, tool_choice: 'required' })
    .finalChatCompletion();
  assert.equal(last.choices[0].finish_reason, 'tool_calls');
  fits(JSON.parse(last.choices[0].message.tool_calls[0].function.arguments));
};
checks['openai chat, cut by max_tokens'] = async () => {
  const answer = await chat(openai, { max_completion_tokens: 5 });
  assert.equal(answer.choices[0].finish_reason, 'length');
  assert.equal(answer.usage.completion_tokens, 5);
};
checks['openai chat, refusal'] = async () => {
  await script({ do: 'refusal' });
  const answer = await chat(openai);
  assert.equal(answer.choices[0].message.content, null);
  assert.match(answer.choices[0].message.refusal, /can't help/);
};
checks['openai chat, content filter'] = async () => {
  await script({ do: 'content_filter' });
  const last = await openai.chat.completions
    .stream({ model: 'gpt-fake-1', messages: user('A spring') })
    .finalChatCompletion();
  assert.equal(last.choices[0].finish_reason, 'content_filter');
  assert.equal(last.choices[0].message.content.length, 64);
};

// --- OpenAI: responses
checks['openai responses'] = async () => {
  const answer = await openai.responses.create({
    model: 'gpt-fake-1', instructions: 'Be brief.', input: 'What turns the wheel?' });
  assert.equal(answer.status, 'completed');
  assert.equal(answer.output_text.length, 128);
  assert.deepEqual(
    [answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens], [8, 32, 40]);
  assert.match(answer._request_id, /^req_/);
};
checks['openai responses, streamed'] = async () => {
  const stream = openai.responses.stream({ model: 'gpt-fake-1', input: 'What turns the wheel?' });
  const types = [];
  for await (const event of stream) types.push(event.type);
  const last = await stream.finalResponse();
  assert.equal(last.output_text.length, 128);
  assert.equal(last.usage.total_tokens, 38);
  assert.deepEqual([...new Set(types)], [
    'response.created', 'response.in_progress', 'response.output_item.added', 'response.content_part.added',
    'response.output_text.delta', 'response.output_text.done', 'response.content_part.done',
    'response.output_item.done', 'response.completed']);
};
checks['openai responses, structured'] = async () => {
  const answer = await openai.responses.parse({
    model: 'gpt-fake-1', input: 'A spring',
    text: { format: { type: 'json_schema', name: 'spring', strict: true, schema } } });
  fits(JSON.parse(answer.output_text));
};
checks['openai responses, tools, streamed'] = async () => {
  const stream = openai.responses.stream({
    model: 'gpt-fake-1', input: 'Pour', tool_choice: 'required',
    tools: [{ type: 'function', name: 'pour', strict: true, parameters: schema }] });
  const call = (await stream.finalResponse()).output[0];
  assert.equal(call.type, 'function_call');
  assert.equal(call.name, 'pour');
  fits(JSON.parse(call.arguments));
};
checks['openai responses, incomplete'] = async () => {
  const stream = openai.responses.stream({ model: 'gpt-fake-1', input: 'Long', max_output_tokens: 5 });
  const last = await stream.finalResponse();
  assert.equal(last.status, 'incomplete');
  assert.equal(last.incomplete_details.reason, 'max_output_tokens');
  assert.equal(last.output_text.length, 20);
};
checks['openai responses, refusal'] = async () => {
  await script({ do: 'refusal' });
  const last = await openai.responses.stream({ model: 'gpt-fake-1', input: 'No' }).finalResponse();
  assert.equal(last.output[0].content[0].type, 'refusal');
  assert.match(last.output[0].content[0].refusal, /can't help/);
};

// --- OpenAI: embeddings, models
checks['openai embeddings'] = async () => {
  const inputs = ['water', 'stone', 'water'];
  // Without encoding_format the client asks for base64 and decodes it.
  const packed = await openai.embeddings.create({ model: 'text-embedding-fake-1', input: inputs });
  const plain = await openai.embeddings.create(
    { model: 'text-embedding-fake-1', input: inputs, encoding_format: 'float' });
  assert.deepEqual(packed.data.map((each) => each.index), [0, 1, 2]);
  assert.equal(packed.data[0].embedding.length, 1536);
  assert.deepEqual([...packed.data[0].embedding], [...packed.data[2].embedding]);
  assert.notDeepEqual([...packed.data[0].embedding], [...packed.data[1].embedding]);
  const length = Math.hypot(...plain.data[1].embedding);
  assert.ok(Math.abs(length - 1) < 1e-4, `length ${length}`);
  plain.data[1].embedding.forEach((value, i) => assert.ok(Math.abs(value - packed.data[1].embedding[i]) < 1e-6));
  assert.deepEqual(plain.usage, { prompt_tokens: 6, total_tokens: 6 });
};
checks['openai embeddings, of one text, tokens and dimensions'] = async () => {
  const text = await openai.embeddings.create({ model: 'm', input: 'water', dimensions: 8 });
  const tokens = await openai.embeddings.create({ model: 'm', input: [[1, 2, 3], [4]], dimensions: 8 });
  assert.equal(text.data[0].embedding.length, 8);
  assert.equal(tokens.data.length, 2);
  assert.equal(tokens.usage.prompt_tokens, 4);
};
checks['openai models'] = async () => {
  const names = [];
  for await (const model of openai.models.list()) names.push(model.id);
  assert.ok(names.includes('gpt-fake-1'));
  assert.equal((await openai.models.retrieve('gpt-fake-1')).object, 'model');
  assert.ok((await failure(openai.models.retrieve('none'))) instanceof OpenAI.NotFoundError);
};

// --- OpenAI: errors
const openaiErrors = [
  [400, OpenAI.BadRequestError, 'invalid_request_error', null],
  [401, OpenAI.AuthenticationError, 'invalid_request_error', 'invalid_api_key'],
  [403, OpenAI.PermissionDeniedError, 'request_forbidden', 'unsupported_country_region_territory'],
  [404, OpenAI.NotFoundError, 'invalid_request_error', 'model_not_found'],
  [409, OpenAI.ConflictError, 'invalid_request_error', 'conflict'],
  [413, OpenAI.APIError, 'invalid_request_error', null],
  [422, OpenAI.UnprocessableEntityError, 'invalid_request_error', null],
  [429, OpenAI.RateLimitError, 'requests', 'rate_limit_exceeded'],
  [500, OpenAI.InternalServerError, 'server_error', null],
  [503, OpenAI.InternalServerError, 'service_unavailable_error', 'server_is_overloaded'],
];
for (const [status, type, errorType, code] of openaiErrors) {
  checks[`openai error ${status}`] = async () => {
    await script({ do: 'error', status });
    const error = await failure(chat(openai));
    assert.equal(error.constructor, type);
    assert.equal(error.status, status);
    assert.equal(error.type, errorType);
    assert.equal(error.code, code);
    assert.match(error.requestID, /^req_[0-9a-f]{32}$/);
    assert.ok(error.message.startsWith(`${status} `) && error.message.length > 12, error.message);
  };
}
checks['openai error 502'] = async () => {
  await script({ do: 'error', status: 502 });
  const error = await failure(chat(openai));
  assert.ok(error instanceof OpenAI.InternalServerError);
  assert.match(error.message, /502 Bad Gateway/);
};
checks['openai errors by name'] = async () => {
  await script({ do: 'insufficient_quota' });
  const quota = await failure(chat(openai));
  assert.ok(quota instanceof OpenAI.RateLimitError);
  assert.deepEqual([quota.type, quota.code], ['insufficient_quota', 'insufficient_quota']);
  await script({ do: 'context_length_exceeded' });
  const long = await failure(chat(openai));
  assert.ok(long instanceof OpenAI.BadRequestError);
  assert.deepEqual([long.code, long.param], ['context_length_exceeded', 'messages']);
};
checks['openai wrong key'] = async () => {
  const error = await failure(chat(openaiWith({ apiKey: 'sk-wrong-one' })));
  assert.ok(error instanceof OpenAI.AuthenticationError);
  assert.equal(error.code, 'invalid_api_key');
  assert.match(error.message, /^401 Incorrect API key provided: sk-w\*+-one\.$/);
};
checks['openai invalid request'] = async () => {
  const error = await failure(chat(openai, { temperature: 7 }));
  assert.ok(error instanceof OpenAI.BadRequestError);
  assert.deepEqual([error.param, error.code], ['temperature', 'decimal_above_max_value']);
};
checks['openai kept limit'] = async () => {
  await control('PUT', 'script', { limits: { requestsPerMinute: 2, burst: '1s' } });
  const { response } = await chat(openai).withResponse();
  assert.equal(response.headers.get('x-ratelimit-limit-requests'), '2');
  const error = await failure(chat(openai));
  assert.ok(error instanceof OpenAI.RateLimitError);
  assert.equal(error.code, 'rate_limit_exceeded');
  assert.ok(Number(error.headers.get('retry-after')) >= 1);
  assert.match(error.headers.get('x-ratelimit-reset-requests'), /^\d+(\.\d+)?s$/);
};
checks['openai error within a stream'] = async () => {
  await script({ do: 'stream_error' });
  const error = await failure((async () => {
    for await (const _ of await chat(openai, { stream: true })) { /* until it breaks */ }
  })());
  assert.ok(error instanceof OpenAI.APIError, error);
  assert.equal(error.type, 'server_error');
};
checks['openai connection lost'] = async () => {
  await script({ do: 'reset' });
  assert.ok((await failure(chat(openai))) instanceof OpenAI.APIConnectionError);
};
checks['openai retries once, after our Retry-After'] = async () => {
  await script({ do: 'error', status: 429, retryAfter: '300ms', retryAfterAs: 'ms', when: { calls: [1] } });
  await control('DELETE', 'stats');
  await chat(openaiWith({ maxRetries: 1 }));
  const seen = await calls();
  assert.deepEqual(seen.map((call) => call.outcome), ['status_429', 'answered']);
  assert.ok(Date.parse(seen[1].at) - Date.parse(seen[0].at) >= 300);
};

// --- Anthropic: messages
checks['anthropic message'] = async () => {
  const answer = await message(anthropic, { system: 'Be brief.' });
  assert.equal(answer.type, 'message');
  assert.equal(answer.stop_reason, 'end_turn');
  assert.equal(answer.content[0].text.length, 128);
  assert.deepEqual([answer.usage.input_tokens, answer.usage.output_tokens], [8, 32]);
  assert.match(answer._request_id, /^req_011C/);
};
checks['anthropic message, streamed'] = async () => {
  const whole = await message(anthropic);
  const types = [];
  const stream = anthropic.messages.stream({
    model: 'claude-fake-1', max_tokens: 100, messages: user('What turns the wheel?') });
  stream.on('streamEvent', (event) => types.push(event.type));
  const last = await stream.finalMessage();
  assert.equal(last.content[0].text, whole.content[0].text);
  assert.equal(last.stop_reason, 'end_turn');
  assert.deepEqual([last.usage.input_tokens, last.usage.output_tokens], [6, 32]);
  assert.deepEqual([...new Set(types)], [
    'message_start', 'content_block_start', 'content_block_delta', 'content_block_stop', 'message_delta',
    'message_stop']);
};
checks['anthropic message, tools'] = async () => {
  const answer = await message(anthropic, {
    tools: [{ name: 'other', input_schema: { type: 'object' } }, { name: 'pour', input_schema: schema }],
    tool_choice: { type: 'tool', name: 'pour' } });
  assert.equal(answer.stop_reason, 'tool_use');
  assert.deepEqual([answer.content[0].type, answer.content[0].name], ['tool_use', 'pour']);
  fits(answer.content[0].input);
};
checks['anthropic message, tools, streamed'] = async () => {
  const last = await anthropic.messages.stream({
    model: 'claude-fake-1', max_tokens: 100, messages: user('Pour'),
    tools: [{ name: 'pour', input_schema: schema }], tool_choice: { type: 'any' } }).finalMessage();
  assert.equal(last.stop_reason, 'tool_use');
  fits(last.content[0].input);
};
checks['anthropic message, structured'] = async () => {
  const answer = await message(anthropic, { output_config: { format: { type: 'json_schema', schema } } });
  fits(JSON.parse(answer.content[0].text));
};
checks['anthropic message, cut by max_tokens'] = async () => {
  const answer = await message(anthropic, { max_tokens: 5 });
  assert.equal(answer.stop_reason, 'max_tokens');
  assert.equal(answer.usage.output_tokens, 5);
};
checks['anthropic message, refusal'] = async () => {
  await script({ do: 'refusal' });
  const answer = await message(anthropic);
  assert.equal(answer.stop_reason, 'refusal');
};
checks['anthropic token count and models'] = async () => {
  const count = await anthropic.messages.countTokens({
    model: 'claude-fake-1', messages: user('What turns the wheel?') });
  assert.equal(count.input_tokens, 6);
  const names = [];
  for await (const model of anthropic.models.list()) names.push(model.id);
  assert.ok(names.includes('claude-fake-1'));
};

// --- Anthropic: errors
const anthropicErrors = [
  [400, Anthropic.BadRequestError, 'invalid_request_error'],
  [401, Anthropic.AuthenticationError, 'authentication_error'],
  [403, Anthropic.PermissionDeniedError, 'permission_error'],
  [404, Anthropic.NotFoundError, 'not_found_error'],
  [413, Anthropic.APIError, 'request_too_large'],
  [422, Anthropic.UnprocessableEntityError, 'invalid_request_error'],
  [429, Anthropic.RateLimitError, 'rate_limit_error'],
  [500, Anthropic.InternalServerError, 'api_error'],
  [503, Anthropic.InternalServerError, 'api_error'],
  [529, Anthropic.InternalServerError, 'overloaded_error'],
];
for (const [status, type, errorType] of anthropicErrors) {
  checks[`anthropic error ${status}`] = async () => {
    await script({ do: 'error', status });
    const error = await failure(message(anthropic));
    assert.ok(error instanceof type, error);
    assert.equal(error.status, status);
    assert.equal(error.type, errorType);
    assert.match(error.requestID, /^req_011C/);
    assert.equal(error.error.request_id, error.requestID);
  };
}
checks['anthropic wrong key'] = async () => {
  const error = await failure(message(anthropicWith({ apiKey: 'sk-ant-wrong' })));
  assert.ok(error instanceof Anthropic.AuthenticationError);
  assert.match(error.message, /invalid x-api-key/);
};
checks['anthropic kept limit'] = async () => {
  await control('PUT', 'script', { limits: { tokensPerMinute: 600, burst: '1s' } });
  const { response } = await message(anthropic).withResponse();
  assert.equal(response.headers.get('anthropic-ratelimit-tokens-limit'), '600');
  const error = await failure(message(anthropic));
  assert.ok(error instanceof Anthropic.RateLimitError);
  assert.match(error.message, /600 tokens per minute/);
  assert.ok(Number(error.headers.get('retry-after')) >= 1);
  assert.match(error.headers.get('anthropic-ratelimit-tokens-reset'), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
};
checks['anthropic error within a stream'] = async () => {
  await script({ do: 'stream_error' });
  const error = await failure(anthropic.messages.stream({
    model: 'claude-fake-1', max_tokens: 100, messages: user('Stream') }).finalMessage());
  assert.ok(error instanceof Anthropic.APIError, error);
  assert.match(error.message, /overloaded_error/);
};
checks['anthropic connection lost'] = async () => {
  await script({ do: 'reset' });
  assert.ok((await failure(message(anthropic))) instanceof Anthropic.APIConnectionError);
};
checks['anthropic retries once, after our Retry-After'] = async () => {
  await script({ do: 'error', status: 529, retryAfter: '1s', when: { calls: [1] } });
  await control('DELETE', 'stats');
  await message(anthropicWith({ maxRetries: 1 }));
  const seen = await calls();
  assert.deepEqual(seen.map((call) => call.outcome), ['status_529', 'answered']);
  assert.ok(Date.parse(seen[1].at) - Date.parse(seen[0].at) >= 1_000);
};

for (const [name, check] of Object.entries(checks)) {
  const line = { name };
  try {
    await control('DELETE', 'script');
    await check();
  } catch (error) {
    line.error = String(error?.stack ?? error);
  }
  console.log(JSON.stringify(line));
}
