/** Cividis (Nuñez et al 2018), from few contexts to many: the same order to every eye, also in grey. */
const CIVIDIS = [[0, 34, 78], [53, 69, 108], [102, 105, 112], [148, 142, 119], [200, 184, 102], [254, 232, 56]];

function cividis(share) {
  const place = Math.min(1, Math.max(0, share)) * (CIVIDIS.length - 1);
  const k = Math.min(CIVIDIS.length - 2, Math.floor(place));
  const mix = CIVIDIS[k].map((v, n) => Math.round(v + (CIVIDIS[k + 1][n] - v) * (place - k)));
  return `rgb(${mix.join(' ')})`;
}

/** The modules as nested lists that open, with arrows for what feeds what. */
function moduleTree(modules) {
  const count = modules.parents.length;
  const children = Array.from({ length: count }, () => []);
  modules.parents.forEach((parent, k) => { if (parent >= 0) children[parent].push(k); });
  children.forEach((list) => list.sort((a, b) => modules.order[a] - modules.order[b] || a - b));
  const inside = Array.from({ length: count }, () => []);
  for (const [source, target] of modules.edges) inside[modules.parents[target]].push([source, target]);
  const outputs = new Set(modules.outputs);
  const means = modules.spreads.filter((s) => s && s.mean !== null).map((s) => s.mean);
  const low = means.reduce((a, b) => Math.min(a, b), Infinity);
  const high = means.reduce((a, b) => Math.max(a, b), -Infinity);
  const all = [];

  function describe(k) {
    const spread = modules.spreads[k];
    const operations = modules.operations[k];
    const parts = [];
    if (operations && operations.names.length && modules.kinds[k] === 'module') parts.push(operations.names.slice(0, 3).join(', '));
    if (operations && operations.shape.length) parts.push(`→ ${operations.shape.join('×')}`);
    if (spread) {
      parts.push(`${integer(spread.numel)} parameters`);
      parts.push(spread.mean === null ? 'no contexts' : `log2 contexts ${readable(spread.mean)}`);
      if (spread.dead) parts.push(`${integer(spread.dead)} dead`);
    }
    if (outputs.has(k)) parts.push('output');
    return parts.join(' · ');
  }
  function line(k) {
    const spread = modules.spreads[k];
    const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
    if (spread && spread.mean !== null) swatch.style.background = cividis(high > low ? (spread.mean - low) / (high - low) : 1);
    return [swatch, named('span', modules.labels[k], { class: 'name' }, 70), h('span', { class: 'meta' }, describe(k))];
  }
  function item(k) {
    if (!children[k].length) return h('li', { 'data-k': k }, h('div', { class: 'row' }, line(k)));
    const details = h('details', {}, h('summary', {}, line(k)));
    const open = () => { if (details.open && details.children.length === 1) details.append(list(k)); };
    details.addEventListener('toggle', open);
    all.push({ details, open });
    return h('li', { 'data-k': k }, details);
  }
  function list(k) {
    const arrows = h('svg', { 'aria-hidden': 'true', width: 1, height: 1 });
    const items = new Map(children[k].map((child) => [child, item(child)]));
    const holder = h('ul', { class: k === 0 ? 'flow' : null }, h('li', { hidden: true }), ...items.values());
    holder.firstChild.replaceWith(arrows);
    new ResizeObserver(() => drawArrows(arrows, holder, items, inside[k], k)).observe(holder);
    return holder;
  }
  function drawArrows(arrows, holder, items, pairs, owner) {
    const box = holder.getBoundingClientRect();
    if (!box.width) return;
    const gutter = parseFloat(getComputedStyle(holder).paddingLeft);
    const middle = (k) => {
      if (k === owner) return -2;
      const row = items.get(k).querySelector('summary, .row').getBoundingClientRect();
      return row.top - box.top + Math.min(row.height / 2, 16);
    };
    const paths = [];
    const ranks = [...items.keys()];
    for (const [source, target] of pairs) {
      const [from, to] = [middle(source), middle(target)];
      const span = Math.abs(ranks.indexOf(target) - ranks.indexOf(source));
      const bulge = Math.min(gutter - 6, source === owner ? 4 + 2 * ranks.indexOf(target) : 4 + 3 * (span - 1));
      const x = gutter - 6;
      const side = x - bulge * 1.33;
      const attributes = { 'data-from': source, 'data-to': target };
      paths.push(h('path', { d: `M${x + 5} ${from}L${x} ${from}C${side} ${from} ${side} ${to} ${x} ${to}`, ...attributes }),
        h('path', { class: 'tip', d: `M${x + 6} ${to}l-7 -3.5v7z`, ...attributes }));
    }
    arrows.replaceChildren(...paths);
  }
  const root = list(0);
  const highlight = (event) => {
    const near = event.target.closest?.('li[data-k]');
    for (const path of root.querySelectorAll('path.near')) path.classList.remove('near');
    if (!near) return;
    const k = near.dataset.k;
    for (const path of near.parentElement.querySelectorAll(`:scope > svg [data-from="${k}"], :scope > svg [data-to="${k}"]`)) path.classList.add('near');
  };
  root.addEventListener('pointerover', highlight);
  root.addEventListener('focusin', highlight);
  const setAll = (open) => {
    for (let k = 0; k < all.length; k++) { // opening one adds those inside it
      all[k].details.open = open;
      all[k].open();
    }
  };
  const scale = h('i');
  scale.style.background = `linear-gradient(to right, ${CIVIDIS.map((c) => `rgb(${c.join(' ')})`).join(', ')})`;
  return [h('div', { class: 'tools' },
    h('button', { type: 'button', id: 'open-all', onclick: () => setAll(true) }, 'Open all'),
    h('button', { type: 'button', id: 'close-all', onclick: () => setAll(false) }, 'Close all'),
    means.length ? h('span', { class: 'scale' }, `log2 contexts ${readable(low, 1)}`, scale, readable(high, 1)) : null), root];
}
