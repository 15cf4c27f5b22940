const count = data.rows.length;
const numeric = data.columns.filter((column) => column.key !== 'model' && data.rows.some((row) => row[column.key] !== null));
const real = (key) => ['p_g', 'p_g_prime', 'utility', 'expected_spread', 'entropy', 'total_surprisal', 'log2_total_contexts'].includes(key);
const shown = (key, value) => (real(key) ? readable(value, value !== null && Math.abs(value) >= 1e6 ? 0 : 3) : integer(value));

const table = section('models', 'Models side by side',
  h('p', {}, 'In each column the largest figure is bold. ', ...Object.entries(data.meanings).slice(0, 1).map(([, text]) => `P_G: ${text}`)),
  sortableTable({
    id: 'model-table', caption: 'Quantities of each model', rows: data.rows.map((row) => ({ ...row, name: row.model })), pageSize: 200,
    search: count > 8 ? 'Search models' : null,
    columns: [{ key: 'model', label: 'Model', text: true, show: (row) => named('span', row.model, {}, 100) },
      ...numeric.map(({ key, short }) => {
        const values = data.rows.map((row) => row[key]).filter((value) => value !== null);
        const [least, most] = [Math.min(...values), Math.max(...values)];
        return { key, label: short, show: (row) => h('span', { class: row[key] === most && most > least ? 'best' : null }, figure(key, row[key], shown(key, row[key]))) };
      })] }));

const meanings = section('meanings', 'What the quantities mean',
  h('dl', { class: 'small' }, numeric.filter(({ key }) => data.meanings[key]).map(({ key, label }) => h('div', {}, h('dt', {}, label), h('dd', {}, data.meanings[key])))));

const axis = { x: 'num_parameters', y: 'p_g' };
const labelOf = (key) => data.columns.find((column) => column.key === key).label;
const scatter = scatterChart(() => ({
  xLabel: labelOf(axis.x), yLabel: labelOf(axis.y),
  points: data.rows.map((row, k) => ({ name: row.model, x: row[axis.x], y: row[axis.y], group: k })).filter((p) => p.x !== null && p.y !== null),
}), { id: 'scatter-chart', label: 'Scatter of two quantities, one mark per model' });
const select = (which, text) => h('label', {}, text, h('select', { id: `scatter-${which}`, onchange: (event) => { axis[which] = event.target.value; scatter.reset(); } },
  numeric.map(({ key, label }) => h('option', { value: key, selected: key === axis[which] }, label))));
const scatterSection = section('scatter', 'Any two quantities',
  h('div', { class: 'tools' }, select('y', 'Up'), select('x', 'Across')),
  count <= 20 ? legend(data.rows.map((row) => row.model)) : null, scatter.element);

const names = (profile, chartOf) => h('div', {}, named('h3', profile.model, {}, 100), chartOf.element);
const profiles = section('profiles', 'Contexts along depth',
  h('p', {}, 'Mean log2 contexts of each layer; every model has its own scale.'),
  h('div', { class: 'multiples' }, data.profiles.map((profile, k) => names(profile, layersChart(profile.layers, { id: `profile-${k}`, height: 220, hint: '', label: `Contexts along depth of ${profile.model}` })))));
const distributions = section('distributions', 'Distributions of contexts',
  h('p', {}, 'How many parameters have how many contexts.'),
  h('div', { class: 'multiples' }, data.profiles.map((profile, k) => names(profile,
    histogramChart(profile.histogram, { id: `histogram-${k}`, height: 220, hint: '', label: `Distribution of log2 contexts of ${profile.model}` })))));

const { settings } = data.profiles[0];
assemblePage(`${count} model${count === 1 ? '' : 's'} compared`, h('ul', { class: 'chips' },
  h('li', {}, `preset ${settings.preset}`), h('li', {}, `sharing ${settings.share}`), h('li', {}, `weighting ${settings.weighting}`), h('li', {}, `normalization ${settings.normalization}`)),
[table, scatterSection, profiles, distributions, meanings]);
