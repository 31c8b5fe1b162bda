// What each code of failure means for whoever looks at it, and what to do next.
const ADVICE = {
  retryable: ['The provider failed in a way that can pass.', 'Look at the provider’s state; send the job again once it is well.'],
  throttled: ['The provider refused for its rate limit.', 'Lower worker.limit.PROVIDER.requests-per-minute, or add a key or a target to the route.'],
  timeout: ['The call took longer than its limit.', 'Raise attemptTimeout of the job, ask for less output, or take a faster model.'],
  invalid_request: ['The provider says that the request can’t be served as it is.', 'Edit the input and send it as a new job.'],
  no_provider: ['No worker serves this model and kind.', 'Check worker.providers and worker.route.*, or send it with another model.'],
  output_too_large: ['The answer is larger than a record may be.', 'Ask for a shorter answer.'],
  undecodable: ['The record can’t be read by this version.', 'Its bytes are kept in the dead letters; look at who wrote it.'],
  unknown: ['The provider’s plug-in failed in an unforeseen way: a bug.', 'The worker’s log has the stack trace.'],
  call_cancelled: ['The call was interrupted because the job was cancelled.', null],
  crash_loop: ['Workers died whenever they ran this job.', 'Look at the workers’ memory and crash logs before you send it again.'],
  overloaded: ['The provider has too much to do for everyone.', 'Wait, or add another target to the route.'],
  authentication: ['The provider does not take the key.', 'Mend worker.provider.NAME.api-keys; waiting jobs then go on by themselves.'],
  content_refused: ['The provider will not answer this content.', 'Edit the input, or send it to another provider.'],
  context_too_long: ['Input and output are longer than the model’s context.', 'Shorten the input, or route to a model with a longer context.'],
  model_not_found: ['The provider does not have this model, or not for this key.', 'Check the model’s name in the route or in worker.provider.NAME.model.'],
  budget: ['The budget of the tenant or the route is spent.', 'Raise worker.budget.*, or send the job when the next period begins.'],
};

export function advice(code) {
  return ADVICE[code] || ['', 'The message says more.'];
}
