const count = data.front.length;
const keys = data.quantities;
const tidy = (key, value) => (value === null || value === undefined ? '–' : Number.isInteger(value) ? integer(value) : readable(value, 4));

const front = section('front', count === 1 ? 'The best model' : 'The models that no other beats',
  sortableTable({
    id: 'front-table', caption: 'Quantities of each model on the front', pageSize: 100, search: count > 8 ? 'Search models' : null,
    rows: data.front,
    columns: [{ key: 'name', label: 'Model', text: true, show: (row) => named('span', row.name, {}, 120) },
      ...keys.map((key) => ({ key, label: key, show: (row) => tidy(key, row[key]) }))],
  }));

const axis = { x: data.axes[0], y: data.axes[1] };
const of = (row, key) => row[key] ?? null;
const points = (rows, group) => rows.map((row) => ({ name: row.name, x: of(row, axis.x), y: of(row, axis.y), group }));
const scatter = scatterChart(() => ({
  xLabel: axis.x, yLabel: axis.y,
  points: [...points(data.others, 4), ...points(data.front, 0)].filter((p) => p.x !== null && p.y !== null),
}), { id: 'scatter-chart', label: 'Scatter of two quantities, one mark per trial' });
const select = (which, text) => h('label', {}, text, h('select', { id: `scatter-${which}`, onchange: (event) => { axis[which] = event.target.value; scatter.reset(); } },
  keys.map((key) => h('option', { value: key, selected: key === axis[which] }, key))));
const plot = section('scatter', 'Any two quantities',
  h('p', {}, `The models of the table with their names, and ${integer(data.others.length)} other trials within the limits.`),
  h('div', { class: 'tools' }, select('y', 'Up'), select('x', 'Across')), scatter.element);

const progress = scatterChart(() => ({
  xLabel: 'trial', yLabel: `best ${data.objectives[0].slice(1)} so far`,
  points: data.history.map(([x, y]) => ({ name: '', x, y, group: 0 })),
}), { id: 'history-chart', label: 'The best value so far after each trial that found a better one', height: 260 });
const history = section('history', 'How the search went', progress.element);

assemblePage(`Search of ${data.space}`, h('ul', { class: 'chips' },
  ...data.objectives.map((text) => h('li', {}, (text[0] === '+' ? 'more ' : 'less ') + text.slice(1))),
  ...data.limits.map((text) => h('li', {}, text)),
  h('li', {}, `${integer(data.trials)} trials`), h('li', {}, `${integer(data.failed)} failed`)),
[front, ...notesSection(data.notes, 'How models of the front were understood.'), plot, history]);
