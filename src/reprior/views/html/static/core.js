const data = JSON.parse(document.getElementById('data').textContent);
const page = document.getElementById('page');

/** An element; children that are strings become text, never markup. */
function h(tag, attributes = {}, ...children) {
  const svg = ['svg', 'g', 'path', 'circle', 'rect', 'line', 'text', 'polygon', 'title'].includes(tag);
  const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A number for reading; `digits` after the point unless it is whole by nature. */
function readable(value, digits = 2) {
  if (value === null || value === undefined) return '–';
  if (typeof value === 'string') return value;
  const size = Math.abs(value);
  if (digits > 0 && size >= 1e15) return value.toExponential(4);
  if (digits > 0 && size > 0 && size < 0.5 * 10 ** -digits) return value.toExponential(1);
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

const integer = (value) => (value === null || value === undefined ? '–' : whole.format(value));

/** 4,089,184,256 as 4.09 G. */
function compact(value) {
  for (const [unit, power] of [['P', 1e15], ['T', 1e12], ['G', 1e9], ['M', 1e6], ['k', 1e3]])
    if (Math.abs(value) >= power) return `${(value / power).toPrecision(3)} ${unit}`;
  return whole.format(value);
}

/** A figure as shown, with the exact one beside it for machines and for pointing at. */
function figure(key, value, text) {
  if (value === null || value === undefined)
    return h('span', { 'data-key': key, title: 'its logarithm diverges, or this model has none' }, '–');
  return h('data', { value: String(value), 'data-key': key, title: String(value) }, text);
}

/** A long name with its middle left out; the whole one is its title. */
function shortName(name, most = 90) {
  if (name.length <= most) return name;
  const half = Math.floor((most - 1) / 2);
  return `${name.slice(0, half)}…${name.slice(-half)}`;
}

const named = (tag, name, attributes = {}, most = 90) =>
  h(tag, { ...attributes, title: name.length > most ? name : null }, shortName(name, most));

function section(id, title, ...children) {
  return h('section', { id }, h('h2', {}, title), ...children);
}

/** The section of notes, if there are any: what was assumed or approximated. */
function notesSection(notes, text) {
  return notes.length ? [section('notes', 'Notes', h('p', {}, text), h('ul', {}, notes.map((note) => h('li', {}, note))))] : [];
}

/** Follows the system until pressed, then changes between light and dark. */
function themeButton() {
  const dark = () => (document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  const button = h('button', { type: 'button', id: 'theme' });
  const label = () => (button.textContent = dark() ? 'Light theme' : 'Dark theme');
  button.addEventListener('click', () => {
    document.documentElement.dataset.theme = dark() ? 'light' : 'dark';
    label();
  });
  label();
  return button;
}

function navigation(sections) {
  return h('nav', { 'aria-label': 'Sections' }, h('ul', {}, sections.map((part) =>
    h('li', {}, h('a', { href: `#${part.id}` }, part.querySelector('h2').textContent)))));
}

function assemblePage(title, introduction, sections) {
  const given = [...page.children];
  page.replaceChildren(
    h('header', {}, h('div', { class: 'top' }, h('span', { class: 'soft' }, 'reprior report'), themeButton()),
      named('h1', title, {}, 400), introduction, navigation([...sections, ...given])),
    h('main', {}, ...sections.slice(0, 1), ...given, ...sections.slice(1)),
    h('footer', {}, 'Counted by reprior, after Polat & Alpaslan (2023), “The reusability prior: comparing deep learning models without training”.'));
}
