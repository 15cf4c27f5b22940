const COLOURS = 10;
const SHAPES = 4;
const colour = (group) => `var(--g${group % COLOURS})`;

/** A marker whose shape tells its group as well as its colour does. */
function marker(group, x, y, r, attributes = {}) {
  const fill = { fill: colour(group), ...attributes };
  switch (group % SHAPES) {
    case 1: return h('rect', { x: x - r, y: y - r, width: 2 * r, height: 2 * r, ...fill });
    case 2: return h('path', { d: `M${x} ${y - 1.3 * r}l${1.3 * r} ${2.3 * r}h${-2.6 * r}z`, ...fill });
    case 3: return h('path', { d: `M${x} ${y - 1.4 * r}l${1.4 * r} ${1.4 * r}l${-1.4 * r} ${1.4 * r}l${-1.4 * r} ${-1.4 * r}z`, ...fill });
    default: return h('circle', { cx: x, cy: y, r, ...fill });
  }
}

function legend(groups) {
  return h('ul', { class: 'legend' }, groups.map((name, k) => h('li', {},
    h('svg', { width: 14, height: 14, 'aria-hidden': 'true' }, marker(k, 7, 7, 5)), named('span', name, {}, 60))));
}

/** Round numbers between two bounds. */
function ticks(low, high, about = 5, step0 = 0) {
  const span = high - low || 1;
  const power = 10 ** Math.floor(Math.log10(span / about));
  const step = Math.max([1, 2, 5, 10].find((s) => s * power >= span / about) * power, step0);
  const found = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * span; k++) found.push(k * step);
  return found;
}

const tickText = (value) => {
  const size = Math.abs(value);
  if (size >= 1e6) return compact(value);
  return Number(value.toPrecision(6)).toLocaleString('en-US', { maximumSignificantDigits: 6 });
};

/**
 * A chart that redraws at every width and can be read with a pointer or the arrow keys.
 * `draw(width)` returns { svg, xs, show }: `xs` are where the items stand, `show(k)` marks one and says what it is.
 */
const HINT = 'Point at the chart, or use the arrow keys, for details.';

function chart({ label, height, draw, id, pick2d = false, hint = HINT }) {
  const holder = h('div', { class: 'chart', tabindex: 0, role: 'group', 'aria-roledescription': 'chart', id,
    'aria-label': `${label}. Arrow keys go through it.` });
  const readout = h('p', { class: 'readout soft', role: 'status' }, hint);
  let state = null;
  let picked = -1;
  const show = (k) => {
    picked = k;
    readout.replaceChildren(...[state.show(k)].flat());
    readout.classList.remove('soft');
  };
  const nearest = (event) => {
    const box = state.svg.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    let best = -1;
    let least = Infinity;
    state.items.forEach(([px, py], k) => {
      const distance = pick2d ? (px - x) ** 2 + (py - y) ** 2 : Math.abs(px - x);
      if (distance < least) [least, best] = [distance, k];
    });
    return best;
  };
  const point = (event) => { if (state && state.items.length) show(nearest(event)); };
  holder.addEventListener('pointermove', point);
  holder.addEventListener('pointerdown', point);
  holder.addEventListener('keydown', (event) => {
    const last = state.items.length - 1;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowUp: 1, ArrowDown: -1, PageDown: 10, PageUp: -10 }[event.key];
    let next = null;
    if (step) next = picked < 0 ? 0 : Math.min(last, Math.max(0, picked + step));
    else if (event.key === 'Home') next = 0;
    else if (event.key === 'End') next = last;
    if (next === null || last < 0) return;
    event.preventDefault();
    show(next);
  });
  const redraw = () => {
    const width = holder.clientWidth;
    if (!width) return;
    state = draw(width, height);
    state.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    state.svg.setAttribute('height', height);
    state.svg.setAttribute('aria-hidden', 'true');
    holder.replaceChildren(state.svg);
    if (picked >= 0 && picked < state.items.length) state.show(picked);
  };
  new ResizeObserver(redraw).observe(holder);
  return { element: h('figure', {}, holder, readout), redraw, reset: () => { picked = -1; redraw(); } };
}

/** Axes of a chart: scales, lines, ticks and titles. */
function axes(svg, width, height, { x, y, xLabel, yLabel, xTicks, yTicks }) {
  const yMarks = yTicks ?? ticks(y[0], y[1]);
  const left = 22 + 7 * Math.max(...yMarks.map((v) => tickText(v).length), 2);
  const [top, right, bottom] = [26, 16, 42];
  const sx = (v) => left + ((v - x[0]) / (x[1] - x[0] || 1)) * (width - left - right);
  const sy = (v) => height - bottom - ((v - y[0]) / (y[1] - y[0] || 1)) * (height - top - bottom);
  for (const v of yMarks) svg.append(
    h('line', { class: 'axis', x1: left, x2: width - right, y1: sy(v), y2: sy(v) }),
    h('text', { x: left - 6, y: sy(v) + 4, 'text-anchor': 'end' }, tickText(v)));
  for (const v of xTicks ?? ticks(x[0], x[1], Math.max(2, Math.floor(width / 110)))) svg.append(
    h('line', { class: 'axis', x1: sx(v), x2: sx(v), y1: height - bottom, y2: height - bottom + 4 }),
    h('text', { x: sx(v), y: height - bottom + 17, 'text-anchor': 'middle' }, tickText(v)));
  svg.append(
    h('text', { x: left, y: 15 }, yLabel),
    h('text', { x: width - right, y: height - 6, 'text-anchor': 'end' }, xLabel));
  return { sx, sy, left, top, right, bottom };
}

/** The least and greatest of numbers, widened a little; equal ones are kept apart. */
function extent(values, margin = 0.05) {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const pad = (high - low) * margin || Math.max(Math.abs(high) * margin, 0.5);
  return [low - pad, high + pad];
}

/** Layers along depth: the mean log2 contexts of each, with its range. */
function layersChart(layers, { id, label, hint, height = 340 }) {
  const groups = [...new Set(layers.map((layer) => layer.group))];
  const alive = layers.map((layer, k) => ({ ...layer, at: k + 1 })).filter((layer) => layer.mean !== null);
  const range = extent(alive.flatMap((layer) => [layer.low ?? layer.mean, layer.high ?? layer.mean]));
  const draw = (width, tall) => {
    const svg = h('svg');
    const { sx, sy, top, bottom } = axes(svg, width, tall, {
      x: [0.5, layers.length + 0.5], y: [Math.max(range[0], alive.every((l) => l.mean >= 0) ? Math.min(0, range[0]) : range[0]), range[1]],
      xLabel: 'layer, in order of depth', yLabel: 'log2 contexts',
      xTicks: ticks(1, layers.length, Math.max(2, Math.floor(width / 110)), 1) });
    const r = Math.max(2, Math.min(4, width / layers.length / 2.5));
    for (const layer of alive) {
      const group = groups.indexOf(layer.group);
      if (layer.high - layer.low > 0) svg.append(h('line', { x1: sx(layer.at), x2: sx(layer.at), y1: sy(layer.low), y2: sy(layer.high), stroke: colour(group), 'stroke-width': 1.5 }));
      svg.append(marker(group, sx(layer.at), sy(layer.mean), r, { class: 'layer' }));
    }
    const cursor = h('g');
    svg.append(cursor);
    const items = alive.map((layer) => [sx(layer.at), sy(layer.mean)]);
    const show = (k) => {
      const layer = alive[k];
      const [x, y] = items[k];
      cursor.replaceChildren(h('line', { class: 'guide', x1: x, x2: x, y1: top, y2: tall - bottom }), h('circle', { class: 'picked', cx: x, cy: y, r: r + 4 }));
      return [h('strong', {}, shortName(layer.name)), ` (layer ${layer.at} of ${layers.length}): mean log2 contexts ${readable(layer.mean, 3)}, `
        + `from ${readable(layer.low, 3)} to ${readable(layer.high, 3)}; ${integer(layer.numel)} parameters`
        + (layer.dead ? `, ${integer(layer.dead)} of them dead` : '')];
    };
    return { svg, items, show };
  };
  return { ...chart({ id, label, hint, height, draw }), groups };
}

/** Bars of a histogram of log2 contexts. */
function histogramChart(histogram, { id, label, hint, height = 280, series = () => 'scalars', x = null, y = null }) {
  const total = histogram.scalars.reduce((a, b) => a + b, 0);
  const draw = (width, tall) => {
    const key = series();
    const shares = histogram[key].map((v) => (100 * v) / (key === 'scalars' ? total : 1));
    const svg = h('svg');
    const end = histogram.start + histogram.width * shares.length;
    const { sx, sy } = axes(svg, width, tall, {
      x: x ?? [histogram.start, end], y: [0, y ?? Math.max(...shares)],
      xLabel: 'log2 contexts', yLabel: key === 'scalars' ? '% of parameters' : '% of all contexts' });
    const edge = (k) => histogram.start + histogram.width * k;
    const items = [];
    const shown = [];
    shares.forEach((share, k) => {
      if (!histogram.scalars[k]) return;
      const wide = Math.max(1.5, sx(edge(k + 1)) - sx(edge(k)) - 1);
      const tallest = Math.max(1, sy(0) - sy(share));
      svg.append(h('rect', { class: 'bin', x: sx(edge(k)), y: sy(0) - tallest, width: wide, height: tallest, fill: key === 'scalars' ? 'var(--bar)' : 'var(--bar2)' }));
      items.push([sx(edge(k)) + wide / 2, sy(share)]);
      shown.push(k);
    });
    const cursor = h('g');
    svg.append(cursor);
    const show = (n) => {
      const k = shown[n];
      cursor.replaceChildren(h('circle', { class: 'picked', cx: items[n][0], cy: items[n][1], r: 5 }));
      return `From ${readable(edge(k))} to ${readable(edge(k + 1))} bits: ${integer(histogram.scalars[k])} parameters `
        + `(${readable((100 * histogram.scalars[k]) / total)}%), which have ${readable(100 * histogram.contexts[k])}% of all contexts.`;
    };
    return { svg, items, show };
  };
  return chart({ id, label, hint, height, draw });
}

/** Points with names. `get()` returns { points: [{ name, x, y }], xLabel, yLabel }. */
function scatterChart(get, { id, label, height = 420 }) {
  const draw = (width, tall) => {
    const { points, xLabel, yLabel } = get();
    const svg = h('svg');
    if (!points.length) {
      svg.append(h('text', { x: 20, y: 40 }, 'No model has both quantities.'));
      return { svg, items: [], show: () => '' };
    }
    const { sx, sy } = axes(svg, width, tall, { x: extent(points.map((p) => p.x), 0.12), y: extent(points.map((p) => p.y), 0.12), xLabel, yLabel });
    const items = points.map((p) => [sx(p.x), sy(p.y)]);
    const cursor = h('g');
    svg.append(...points.map((p, k) => marker(p.group, ...items[k], 6, { class: 'point' })), ...nameTags(points, items, width), cursor);
    const show = (k) => {
      cursor.replaceChildren(h('circle', { class: 'picked', cx: items[k][0], cy: items[k][1], r: 10 }));
      const { name, x, y } = points[k];
      return [h('strong', {}, shortName(name)), `: ${xLabel} ${readable(x, 4)}, ${yLabel} ${readable(y, 4)}`];
    };
    return { svg, items, show };
  };
  return chart({ id, label, height, draw, pick2d: true });
}

/** Names beside points, left out where they would cover another. */
function nameTags(points, items, width) {
  const taken = items.map(([x, y]) => [x - 7, y - 7, x + 7, y + 7]);
  const tags = [];
  points.forEach(({ name }, k) => {
    const text = shortName(name, 32);
    const wide = 7 * text.length;
    const [x, y] = items[k];
    for (const [left, base, anchor] of [[x + 11, y + 4, 'start'], [x - 11 - wide, y + 4, 'end'], [x - wide / 2, y - 11, 'middle'], [x - wide / 2, y + 20, 'middle']]) {
      const box = [left, base - 11, left + wide, base + 3];
      const free = box[0] > 40 && box[2] < width - 4 && taken.every((t, n) => (n === k) || box[2] < t[0] || t[2] < box[0] || box[3] < t[1] || t[3] < box[1]);
      if (!free) continue;
      taken.push(box);
      tags.push(h('text', { x: anchor === 'start' ? left : anchor === 'end' ? x - 11 : x, y: base, 'text-anchor': anchor }, text));
      break;
    }
  });
  return tags;
}
