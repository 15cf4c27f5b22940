/**
 * A table that sorts, filters and pages.
 * columns: [{ key, label, text, show(row), value(row) }]; rows: any objects with a `name` to search in.
 */
function sortableTable({ id, caption, columns, rows, search = null, pageSize = 50, start = null }) {
  let order = start ?? { key: null, down: false };
  let page = 0;
  let query = '';
  const body = h('tbody');
  const status = h('span', { role: 'status', class: 'soft' });
  const heads = columns.map((column) => {
    const head = h('th', { scope: 'col', class: column.text ? 'text' : null },
      h('button', { type: 'button', 'data-sort': column.key, onclick: () => sortBy(column) }, column.label));
    return head;
  });
  const previous = h('button', { type: 'button', onclick: () => turn(-1) }, 'Previous');
  const next = h('button', { type: 'button', onclick: () => turn(1) }, 'Next');
  const value = (column, row) => (column.value ? column.value(row) : row[column.key]);

  function sortBy(column) {
    order = { key: column.key, down: order.key === column.key ? !order.down : !column.text };
    page = 0;
    render();
  }
  function turn(step) {
    page += step;
    render();
  }
  function chosen() {
    const found = query ? rows.filter((row) => row.name.toLowerCase().includes(query)) : [...rows];
    const column = columns.find((c) => c.key === order.key);
    if (!column) return found;
    const sign = order.down ? -1 : 1;
    const missing = (v) => v === null || v === undefined;
    return found.map((row) => [value(column, row), row]).sort(([a], [b]) => {
      if (missing(a) || missing(b)) return missing(a) - missing(b);
      return sign * (typeof a === 'string' ? a.localeCompare(b, 'en', { numeric: true }) : a - b);
    }).map(([, row]) => row);
  }
  function render() {
    const found = chosen();
    const pages = Math.max(1, Math.ceil(found.length / pageSize));
    page = Math.min(Math.max(page, 0), pages - 1);
    const first = page * pageSize;
    const shown = found.slice(first, first + pageSize);
    body.replaceChildren(...shown.map((row) => h('tr', {}, columns.map((column, k) =>
      h(k ? 'td' : 'th', { class: column.text ? 'text' : null, scope: k ? null : 'row' }, column.show(row))))));
    columns.forEach((column, k) => {
      const now = order.key === column.key ? (order.down ? 'descending' : 'ascending') : 'none';
      heads[k].setAttribute('aria-sort', now);
      heads[k].firstChild.textContent = column.label + { ascending: ' ▲', descending: ' ▼', none: '' }[now];
    });
    status.textContent = found.length ? `${first + 1}–${first + shown.length} of ${integer(found.length)}` : 'nothing found';
    previous.disabled = page === 0;
    next.disabled = page >= pages - 1;
    previous.hidden = next.hidden = pages === 1;
  }
  const field = search && h('label', {}, search, h('input', { type: 'search', oninput: (event) => {
    query = event.target.value.toLowerCase();
    page = 0;
    render();
  } }));
  render();
  return h('div', { id }, h('div', { class: 'tools' }, field, previous, next, status),
    h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': caption },
      h('table', {}, h('caption', {}, caption), h('thead', {}, h('tr', {}, heads)), body)));
}
