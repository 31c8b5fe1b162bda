// The frame: navigation, keys, theme, token, and which screen is shown.
import {html, render, useEffect, useRef, useState, useValue, useErrorBoundary} from './lib.js';
import {route, navigate} from './router.js';
import {connection, overview, drawn} from './live.js';
import {tokenAsked} from './api.js';
import {bind} from './keys.js';
import {Dialog, Toasts, Page, Card} from './ui.js';
import {count} from './format.js';
import {Overview} from './screens/overview.js';

const ICONS = {
  overview: 'M2 13V8h3v5zM6.5 13V3h3v10zM11 13V6h3v7z', jobs: 'M2 4h12M2 8h12M2 12h8', dead: 'M8 2l6.5 11.5h-13zM8 6.5v3.5M8 11.8v.2',
  workers: 'M3 3h10v4H3zM3 9h10v4H3zM5 5h.1M5 11h.1', providers: 'M5 12a3 3 0 01-.5-6A4 4 0 0112 6a3 3 0 01-.5 6z', topics: 'M2 5l6-3 6 3-6 3zM2 8l6 3 6-3M2 11l6 3 6-3',
};

const SCREENS = [
  {path: '/', name: 'Overview', key: 'o', icon: 'overview'}, {path: '/jobs', name: 'Jobs', key: 'j', icon: 'jobs'},
  {path: '/dead-letters', name: 'Dead letters', key: 'd', icon: 'dead'}, {path: '/workers', name: 'Workers', key: 'w', icon: 'workers'},
  {path: '/providers', name: 'Providers', key: 'p', icon: 'providers'}, {path: '/topics', name: 'Topics', key: 't', icon: 'topics'},
];

const loaded = {overview: Overview};
const LOADERS = {
  jobs: () => import('./screens/jobs.js').then(m => m.Jobs), job: () => import('./screens/job.js').then(m => m.Job),
  dead: () => import('./screens/dead-letters.js').then(m => m.DeadLetters), workers: () => import('./screens/workers.js').then(m => m.Workers),
  providers: () => import('./screens/providers.js').then(m => m.Providers), topics: () => import('./screens/topics.js').then(m => m.Topics),
  letters: () => import('./screens/letters.js').then(m => m.Letters), letter: () => import('./screens/letter.js').then(m => m.Letter),
  planNew: () => import('./screens/plan-new.js').then(m => m.PlanNew), plans: () => import('./screens/plans.js').then(m => m.Plans),
  plan: () => import('./screens/plan.js').then(m => m.Plan), audit: () => import('./screens/audit.js').then(m => m.Audit),
};

/** Screens that stand below others: {of: the path of the screen in the navigation, one: the name of its parameter}. */
const BELOW = [
  {path: /^\/jobs\/([^/]+)$/, name: 'job', of: '/jobs', one: 'id'}, {path: /^\/dead-letters\/list$/, name: 'letters', of: '/dead-letters'},
  {path: /^\/dead-letters\/letters\/([^/]+)$/, name: 'letter', of: '/dead-letters', one: 'letter'}, {path: /^\/dead-letters\/new$/, name: 'planNew', of: '/dead-letters'},
  {path: /^\/dead-letters\/plans$/, name: 'plans', of: '/dead-letters'}, {path: /^\/dead-letters\/plans\/([^/]+)$/, name: 'plan', of: '/dead-letters', one: 'id'},
  {path: /^\/dead-letters\/audit$/, name: 'audit', of: '/dead-letters'},
];

function screenOf(path) {
  for (const below of BELOW) {
    const match = below.path.exec(path);
    if (match) return {name: below.name, of: below.of, props: below.one ? {[below.one]: decodeURIComponent(match[1])} : {}};
  }
  const found = SCREENS.find(s => s.path === path);
  return {name: found ? found.icon : null, of: path, props: {}};
}

function Shown({name, props}) {
  const [, redraw] = useState(0);
  const [lost, setLost] = useState(null);
  const [error, reset] = useErrorBoundary();
  useEffect(() => {
    if (!name || loaded[name]) return;
    LOADERS[name]().then(component => {
      loaded[name] = component;
      redraw(n => n + 1);
    }, setLost);
  }, [name]);
  if (error || lost) {
    return html`<${Page} title="Something broke"><${Card} label="Error"><div class="notice failed"><p class="notice-title">This screen can’t be shown</p>
      <p>${(error || lost).message}</p><p class="soft">If the server was upgraded meanwhile, loading the page anew helps.</p>
      <button class="button" onClick=${() => {
        reset();
        location.reload();
      }}>Load the page anew</button></div></${Card}></${Page}>`;
  }
  if (!name) return html`<${Page} title="Not found"><${Card} label="Not found"><div class="notice"><p class="notice-title">There is no such page</p><p><a href="/">To the overview</a></p></div></${Card}></${Page}>`;
  const Screen = loaded[name];
  return Screen ? html`<${Screen} key=${name + Object.values(props).join()} ...${props}/>` : html`<div class="page" aria-busy="true"><p class="soft">Loading…</p></div>`;
}

const CONNECTION = {
  live: ['ok', 'Live', 'Changes are shown as they happen'], polling: ['warn', 'Polling', 'There is no live stream; figures are read every few seconds'],
  paused: ['plain', 'Paused', 'Rests while the tab is hidden'], offline: ['bad', 'Offline', 'The server does not answer; it is tried again'], starting: ['plain', 'Connecting', 'Connecting'],
};

function Connection() {
  const [tone, text, why] = CONNECTION[useValue(connection)];
  return html`<span class=${`connection t-${tone}`} title=${why} role="status"><i aria-hidden="true"></i>${text}</span>`;
}

function Theme() {
  const [choice, setChoice] = useState(window.penstockTheme.chosen());
  const next = {auto: 'light', light: 'dark', dark: 'auto'}[choice];
  const text = {auto: 'System', light: 'Light', dark: 'Dark'};
  return html`<button id="theme" class="button small quiet" aria-label=${`Theme: ${text[choice]}. Change to ${text[next]}`} title="Theme (t)" onClick=${() => {
    window.penstockTheme.choose(next);
    setChoice(next);
  }}><svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="5.5"/><path d="M8 2.5a5.5 5.5 0 010 11z" class="solid"/></svg><span>${text[choice]}</span></button>`;
}

const KEYS = [
  ['/', 'Search'], ['g o', 'Overview'], ['g j', 'Jobs'], ['g d', 'Dead letters'], ['g r', 'Replay plans'], ['g a', 'Audit'], ['g w', 'Workers'], ['g p', 'Providers'], ['g t', 'Topics'],
  ['j / k', 'Next, previous row'], ['Enter', 'Open the row'], ['x', 'Select the row'], ['Esc', 'Clear the selection, close'], ['r', 'Read anew'], ['t', 'Theme'], ['?', 'This help'],
];

function Help({onClose}) {
  return html`<${Dialog} title="Keys" onClose=${onClose}><dl class="keys-list">${KEYS.map(([k, what]) =>
    html`<div key=${k}><dt>${k.split(' ').map(part => (part === '/' && k !== '/' ? ' / ' : html`<kbd>${part}</kbd> `))}</dt><dd>${what}</dd></div>`)}</dl>
    <p class="soft">In the search: words are joined by and, <code>"a phrase"</code>, <code>simlar~</code> for words alike, <code>pre*</code> for beginnings.</p></${Dialog}>`;
}

function Token({asked}) {
  const [text, setText] = useState('');
  return html`<${Dialog} title="Token of the dashboard" onClose=${() => asked.answer(null)}><form onSubmit=${e => {
    e.preventDefault();
    asked.answer(text.trim() || null);
  }}><div class="dialog-text"><p>Changes need a token here: the server’s setting <code>streams.dashboard-token</code>. It is kept until this tab is closed.</p>
    ${asked.refused && html`<p class="field-error" role="alert">That was not the token.</p>`}
    <label class="field">Token<input type="password" autocomplete="off" autofocus value=${text} onInput=${e => setText(e.currentTarget.value)}/></label></div>
    <footer class="dialog-foot"><button type="button" class="button" onClick=${() => asked.answer(null)}>Back</button><button class="button primary" disabled=${!text.trim()}>Use it</button></footer></form></${Dialog}>`;
}

function focusSearch() {
  const search = document.getElementById('search');
  if (search) {
    search.focus();
    search.select();
    return true;
  }
  return false;
}

function App() {
  const {path} = useValue(route);
  const asked = useValue(tokenAsked);
  const o = useValue(overview);
  const [help, setHelp] = useState(false);
  const first = useRef(true);
  const screen = screenOf(path);
  useEffect(() => bind({
    '?': () => setHelp(true),
    t: () => document.getElementById('theme')?.click(),
    '/': () => {
      if (!focusSearch()) {
        navigate('/jobs');
        let tries = 40;
        const wait = () => {
          if (!focusSearch() && tries-- > 0) setTimeout(wait, 50);
        };
        setTimeout(wait, 0);
      }
    },
    'g r': () => navigate('/dead-letters/plans'),
    'g a': () => navigate('/dead-letters/audit'),
    ...Object.fromEntries(SCREENS.map(s => [`g ${s.key}`, () => navigate(s.path)])),
  }), []);
  // The focus goes with the page, so that a reader of the screen hears where it is.
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return undefined;
    }
    document.getElementById('main').scrollTop = 0;
    let tries = 40;
    let timer = 0;
    const focus = () => {
      const title = document.getElementById('page-title');
      if (title) {
        if (document.activeElement?.id !== 'search') title.focus({preventScroll: true});
      } else if (tries-- > 0) timer = setTimeout(focus, 25);
    };
    timer = setTimeout(focus, 0);
    return () => clearTimeout(timer);
  }, [path]);
  const dead = o?.states?.['dead-lettered'];
  const attention = o?.attention?.filter(a => a.severity === 'critical').length;
  const badge = {overview: attention || null, dead: dead || null};
  return html`
    <a class="skip" href="#main" onClick=${e => {
      e.preventDefault();
      document.getElementById('page-title')?.focus();
    }}>Skip to the content</a>
    <div class="shell">
      <header class="side">
        <a class="brand" href="/" aria-label="Penstock, overview"><svg viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8"/><path d="M7 8h6c6 0 6 16 12 16"/><circle cx="24" cy="10" r="3.2"/></svg><span>Penstock</span></a>
        <nav aria-label="Screens"><ul>${SCREENS.map(s => {
          const current = s.path === screen.of;
          return html`<li key=${s.path}><a href=${s.path} aria-current=${current ? 'page' : undefined} title=${`${s.name} (g ${s.key})`}>
            <svg viewBox="0 0 16 16" aria-hidden="true"><path d=${ICONS[s.icon]}/></svg><span>${s.name}</span>
            ${badge[s.icon] ? html`<b class=${s.icon === 'overview' ? 'nav-count bad' : 'nav-count'} aria-label=${s.icon === 'overview' ? `${badge[s.icon]} critical` : `${badge[s.icon]} dead letters`}>${count(badge[s.icon])}</b>` : null}</a></li>`;
        })}</ul></nav>
        <div class="side-foot"><${Connection}/><${Theme}/><button class="button small quiet" aria-label="Keys" title="Keys (?)" onClick=${() => setHelp(true)}><kbd>?</kbd></button></div>
      </header>
      <main id="main" tabindex="-1"><${Shown} key=${screen.name} name=${screen.name} props=${screen.props}/></main>
    </div>
    <${Toasts}/>
    ${help && html`<${Help} onClose=${() => setHelp(false)}/>`}
    ${asked && html`<${Token} asked=${asked}/>`}`;
}

// For tests: how often the stream was drawn.
document.documentElement.dataset.drawn = '0';
drawn.subscribe(n => {
  document.documentElement.dataset.drawn = String(n);
});

render(html`<${App}/>`, document.getElementById('app'));
