const settings = data.settings;
const introduction = h('ul', { class: 'chips' },
  h('li', {}, `preset ${settings.preset}`), h('li', {}, `sharing ${settings.share}`), h('li', {}, `weighting ${settings.weighting}`),
  h('li', {}, `normalization ${settings.normalization}`), h('li', {}, settings.numbers), h('li', {}, `${settings.seconds} s`));


const headline = section('headline', 'Quantities',
  h('div', { class: 'cards' }, data.headline.map((item) => h('article', { class: 'card' },
    h('h3', {}, `${item.name} ${item.symbol}`),
    h('div', { class: 'value' }, figure(item.key, item.value, `${readable(item.value)}${item.unit ? ` ${item.unit}` : ''}`)),
    h('p', {}, item.meaning),
    item.reference === null ? null : h('p', { class: 'soft' }, `Reference: ${readable(item.reference)} ${item.reference_meaning}.`)))));

const baselines = section('baselines', 'Baselines',
  h('p', {}, 'What a comparison without contexts would go by.'),
  h('dl', { class: 'small' }, data.baselines.map((item) => h('div', {}, h('dt', {}, item.name),
    h('dd', {}, figure(item.key, item.value, integer(item.value)), item.value >= 1e6 ? ` (${compact(item.value)})` : '', h('div', { class: 'note' }, item.meaning))))));

const depthChart = layersChart(data.layers, { id: 'layers-chart', label: 'Mean log2 contexts of each layer along depth' });
const depth = section('depth', 'Contexts along depth',
  h('p', {}, 'Each mark is a layer: the mean log2 contexts of its own parameters, with a line from the least to the most. One step up is twice the contexts.'),
  legend(depthChart.groups), depthChart.element);

let series = 'scalars';
const distributionChart = histogramChart(data.histogram, { id: 'distribution-chart', label: 'Distribution of log2 contexts', series: () => series });
const choice = (key, text) => h('label', {}, h('input', { type: 'radio', name: 'series', value: key, checked: key === series,
  onchange: () => { series = key; distributionChart.redraw(); } }), text);
const distribution = section('distribution', 'Distribution of contexts',
  h('p', {}, 'How many parameters have how many contexts, and which of them hold most of all contexts.'),
  h('div', { class: 'tools', role: 'radiogroup', 'aria-label': 'Share of' }, choice('scalars', 'share of parameters'), choice('contexts', 'share of contexts')),
  distributionChart.element);

/** Totals by the groups that the layers are coloured by. */
function byGroup() {
  const found = new Map();
  for (const layer of data.layers) {
    const entry = found.get(layer.group) ?? { name: layer.group, surprisal: 0, numel: 0 };
    entry.surprisal += layer.surprisal;
    entry.numel += layer.numel - layer.dead;
    found.set(layer.group, entry);
  }
  return [...found.values()].sort((a, b) => b.surprisal - a.surprisal);
}
const groups = byGroup();
const totals = groups.reduce((sum, g) => ({ surprisal: sum.surprisal + g.surprisal, numel: sum.numel + g.numel }), { surprisal: 0, numel: 0 });
const widest = Math.max(...groups.flatMap((g) => [g.surprisal / (totals.surprisal || 1), g.numel / totals.numel]));
const percent = (share) => (share > 0 && share < 0.0005 ? '< 0.1%' : `${readable(100 * share, 1)}%`);
const bar = (share, kind) => {
  const fill = h('div', { class: 'fill' });
  fill.style.width = `${(100 * share) / widest}%`;
  return h('div', { class: `bar ${kind}` }, h('div', { class: 'track' }, fill), percent(share));
};
const surprisalKey = h('span', { class: 'key' });
surprisalKey.style.background = 'var(--bar)';
const parameterKey = h('span', { class: 'key' });
parameterKey.style.background = 'var(--bar2)';
const surprisal = section('surprisal', 'Where the surprisal comes from',
  h('p', {}, 'The share of each part of the model in S (', surprisalKey, ' upper bar), and in the parameters (', parameterKey,
    ' lower bar). A part has more of S than of the parameters where its parameters have few contexts.'),
  h('ul', { class: 'bars' }, groups.map((g) => h('li', {}, named('span', g.name, { class: 'name' }, 60),
    h('div', {}, bar(totals.surprisal ? g.surprisal / totals.surprisal : 0, 'own'), bar(g.numel / totals.numel, 'other'))))));

const number = (key, label, digits = null) => ({ key, label, show: (row) => (digits === null ? integer(row[key]) : readable(row[key], digits)) });
const nameColumn = { key: 'name', label: 'Parameter', text: true, show: (row) => named('span', row.name, {}, 120) };
const shape = { key: 'shape', label: 'Shape', value: (row) => row.numel, show: (row) => row.shape.join('×') || 'scalar' };

const deadRows = data.parameters.filter((row) => row.dead);
const dead = section('dead', 'Dead parameters', deadRows.length
  ? [h('p', {}, `${integer(deadRows.reduce((sum, row) => sum + row.dead, 0))} scalars in ${deadRows.length} tensors have no path to an output: nothing that is fed can make them matter. They are outside N_G.`),
    sortableTable({ id: 'dead-table', caption: 'Tensors with dead scalars', columns: [nameColumn, shape, number('dead', 'Dead'), number('numel', 'Scalars'),
      { key: 'share', label: 'Share', value: (row) => row.dead / row.numel, show: (row) => percent(row.dead / row.numel) }], rows: deadRows, pageSize: 20 })]
  : h('p', {}, 'None: every parameter has a path to an output.'));

const sharedRows = data.parameters.filter((row) => row.sharedWith.length || row.sites > 1);
const shared = section('shared', 'Shared parameters', sharedRows.length
  ? [h('p', {}, 'Tensors that stand in several places. Their contexts add up; N_W counts each place.'),
    sortableTable({ id: 'shared-table', caption: 'Shared tensors', columns: [nameColumn, shape, number('sites', 'Places'),
      { key: 'members', label: 'Also called', text: true, value: (row) => row.sharedWith.length, show: (row) => {
        if (row.sharedWith.length <= 3) return row.sharedWith.map((name) => shortName(name, 120)).join(', ') || '–';
        return h('details', {}, h('summary', {}, `${row.sharedWith.length} other names`), row.sharedWith.map((name) => shortName(name, 120)).join(', '));
      } }], rows: sharedRows, pageSize: 20 })]
  : h('p', {}, 'None: every tensor is used in one place.'));

const sections = [headline, ...notesSection(data.notes, 'How the model was understood.'), baselines, depth, distribution, surprisal, dead, shared];
if (data.modules) sections.push(section('modules', 'Modules and what flows between them',
  h('p', {}, 'Modules in the order in which they compute. Open one to see inside; arrows say what feeds what, and those that pass over rows are skips. Colour is mean log2 contexts.'),
  ...moduleTree(data.modules)));
sections.push(section('parameters', 'All parameters',
  sortableTable({ id: 'parameter-table', caption: 'Learnable tensors', search: 'Search names', rows: data.parameters, columns: [nameColumn, shape,
    number('numel', 'Scalars'), number('dead', 'Dead'), number('low', 'log2 contexts, least', 3), number('mean', 'mean', 3), number('high', 'most', 3),
    number('surprisal', 'Surprisal, bits', 1), number('sites', 'Places')] })));
assemblePage(data.model, introduction, sections);
