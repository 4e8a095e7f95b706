/**
 * Builds an element. `attributes` become attributes, except functions, which listen to the event of that name;
 * children are elements or texts. Texts are never read as markup.
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** Chinese first, English second and quieter. */
export function words(zh, en) {
  return [zh, ' ', element('span', { lang: 'en' }, en)];
}

export function button(zh, en, focusKey, click, attributes = {}) {
  const named = { type: 'button', 'data-focus': focusKey, click, ...attributes };
  return element('button', named, ...words(zh, en));
}

/** `columns`: [Chinese, English, class of the cells]; `kind` says what becomes of the table on narrow screens. */
export function table(columns, rows, kind) {
  const head = columns.map(([zh, en, cells]) =>
    element('th', { scope: 'col', class: cells }, ...words(zh, en)),
  );
  return element(
    'table',
    { class: kind },
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...rows),
  );
}

/** One row for `columns`; each cell is a child or a list of children. */
export function row(columns, cells, attributes = {}) {
  const made = cells.map((cell, at) => {
    const [zh, , kind] = columns[at];
    const content = Array.isArray(cell) ? cell : [cell];
    return element('td', { class: kind, 'data-name': zh }, element('span', {}, ...content));
  });
  return element('tr', attributes, ...made);
}

const shown = new WeakMap();

/** Shows what `make` makes of `data`, if that is not shown already; whatever had the focus keeps it. */
export function show(container, data, make) {
  const text = JSON.stringify(data);
  if (shown.get(container) === text) return;
  shown.set(container, text);
  const focus = container.contains(document.activeElement)
    ? document.activeElement.getAttribute('data-focus')
    : null;
  container.replaceChildren(...[make()].flat());
  if (focus !== null) container.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
}

/** ISO 8601 → 2026-01-02 03:04:05 in the reader's time zone. */
export function instant(iso) {
  return iso === undefined ? '' : new Date(iso).toLocaleString('sv-SE');
}

/** As `instant`, without year and seconds. */
export function shortInstant(iso) {
  return instant(iso).slice(5, -3);
}

/** Fen as text → yuan, by digits: 100 → ¥1.00. */
export function yuan(fen) {
  const digits = fen.padStart(3, '0');
  return `¥${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
