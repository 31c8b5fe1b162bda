// Why something failed, and what was tried: of a job and of its dead letters.
import {html} from './lib.js';
import {Badge, Code} from './ui.js';
import {advice} from './advice.js';
import {duration, isoMillis, money, exact, time, none} from './format.js';

export function WhyFailed({failure}) {
  const [means, todo] = advice(failure.code);
  return html`<div class="why">
    <p><${Code} code=${failure.code}/> <strong>${means}</strong></p>
    <pre class="message" tabindex="0" aria-label="Message of the failure">${failure.message}</pre>
    ${failure.retryAfter && html`<p class="soft">The provider asked to wait ${duration(isoMillis(failure.retryAfter))}.</p>`}
    ${todo && html`<p><span class="next">Next</span> ${todo}</p>`}
  </div>`;
}

export function Attempts({attempts, unit}) {
  return html`<div class="scroll-x"><table class="table attempts">
    <thead><tr><th>Attempt</th><th>Provider and model</th><th>Started</th><th class="num">Waited</th><th class="num">Limit</th><th class="num">Call</th><th class="num">Tokens in / out</th><th class="num">Cost${unit && `, ${unit}`}</th><th>Result</th></tr></thead>
    <tbody>${attempts.map(a => {
      const tokens = a.served?.inputTokens || a.served?.outputTokens;
      return html`<tr key=${a.number}>
        <td class="num-left">${a.number}</td>
        <td>${a.provider}${a.served?.providerModel ? html` <span class="soft">${a.served.providerModel}</span>` : ''}${a.served?.target ? html`<span class="sub">target ${a.served.target}</span>` : ''}${a.served?.insteadOf ? html`<span class="sub">instead of: ${a.served.insteadOf}</span>` : ''}<span class="sub">on ${a.worker}${a.served?.requestId ? `, request ${a.served.requestId}` : ''}</span></td>
        <td class="nowrap"><time title=${a.startedAt}>${time(a.startedAt)}</time></td>
        <td class="num">${a.waits?.queuedMillis != null ? duration(a.waits.queuedMillis) : none}</td>
        <td class="num">${a.waits?.limitMillis != null ? duration(a.waits.limitMillis) : none}</td>
        <td class="num">${duration(isoMillis(a.latency))}</td>
        <td class="num">${tokens ? `${exact(a.served.inputTokens)} / ${exact(a.served.outputTokens)}` : none}</td>
        <td class="num">${money(a.served?.costNanos)}</td>
        <td>${a.failure ? html`<${Code} code=${a.failure.code}/><span class="sub wrap">${a.failure.message}</span>` : a.served?.cachedAt ? html`<${Badge} tone="ok">From the cache</${Badge}>` : html`<${Badge} tone="ok" sign="✓">Answered</${Badge}>`}</td>
      </tr>`;
    })}</tbody></table></div>`;
}
