import { button, element, instant, row, shortInstant, show, table, words, yuan } from './elements.js';
import { cardTable, orderButtons, orderLines, stageBadge, timeline } from './order-detail.js';

const pollMs = 1000;
const newestOrders = 50;
const cardsPerPage = 20;
const keptCalls = 1000;

const byId = (id) => document.getElementById(id);
const chosenId = () => /^#([1-9]\d{0,18})$/.exec(location.hash)?.[1];

let run;
let lastCall = 0;
let knownTemplates = -1;
let firstCard = 0;
/** Cards that were uncovered, by position; gone with the next page or order. */
const revealed = new Map();

/** One request of the control interface; throws if the sandbox is not there. */
async function control(path, body) {
  const request =
    body === undefined
      ? {}
      : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(`/control${path}`, request);
  return response.json();
}

function tell(text, kind) {
  const message = byId('message');
  message.textContent = text;
  message.className = kind;
}

const outcomes = {
  timeout: '超时，不知是否生效 timed out, effect unknown',
  unreachable: '无法连接 unreachable',
  unsendable: '无法以此字符集发送 cannot be sent so',
  unreadable: '应答无法识别 unreadable answer',
};

function replyText({ outcome, detail, answer, elapsedMs }) {
  if (outcome !== 'answered') return [`制卡商 maker: ${outcomes[outcome]}: ${detail ?? ''}`, 'bad'];
  const { success, result_code, result_message, making_card_no, status, ...logistics } = answer;
  const facts = [making_card_no, status, logistics.logistics_company, logistics.logistics_order_id];
  const what = success
    ? `成功 success ${facts.filter((fact) => fact).join(' ')}`
    : `拒绝 refused: ${result_code} ${result_message}`;
  return [`制卡商 maker: ${what} (${elapsedMs} ms)`, success ? 'good' : 'bad'];
}

/** Does something and says what came of it. */
async function act(path, body = {}) {
  tell('…', '');
  try {
    const answer = await control(path, body);
    if (!answer.ok) tell(`未执行 not done: ${answer.problem}`, 'bad');
    else if (answer.passed !== undefined)
      tell(
        answer.passed ? '探测通过 probe passed' : '探测未通过 probe failed: expected sign-check-failure',
        answer.passed ? 'good' : 'bad',
      );
    else if (answer.reply !== undefined) tell(...replyText(answer.reply));
    else tell('完成 done', 'good');
    if (answer.order !== undefined && path.split('/').length === 2) choose(answer.order.cardOrderId);
    await refresh();
  } catch {
    tell('沙箱未应答 the sandbox does not answer', 'bad');
  }
}

function choose(cardOrderId) {
  location.hash = `#${cardOrderId}`;
}

const orderColumns = [
  ['制卡单', 'order'],
  ['状态', 'stage'],
  ['卡数', 'cards', 'number'],
  ['下单', 'placed', 'time'],
];

function showOrders({ orders, total }) {
  const chosen = chosenId();
  byId('orders-count').textContent = total > orders.length ? `${orders.length} / ${total}` : `${total}`;
  show(byId('orders-table'), { orders, chosen }, () => {
    if (orders.length === 0) return empty('还没有制卡单', 'no orders yet');
    const rows = orders.map(({ cardOrderId, stage, cards, placedAt }) => {
      const isChosen = cardOrderId === chosen;
      const attributes = { class: isChosen ? 'chosen' : undefined };
      const open = element(
        'button',
        {
          type: 'button',
          class: 'plain',
          'data-focus': cardOrderId,
          'aria-pressed': String(isChosen),
          click: () => choose(cardOrderId),
        },
        cardOrderId,
      );
      const cells = [open, stageBadge(stage), String(cards), shortInstant(placedAt)];
      return row(orderColumns, cells, attributes);
    });
    return table(orderColumns, rows);
  });
}

function empty(zh, en) {
  return element('p', { class: 'empty' }, ...words(zh, en));
}

async function showOrder() {
  const id = chosenId();
  const detail = byId('order-detail');
  if (id === undefined) return show(detail, null, () => empty('请选择一个制卡单', 'choose an order'));
  const [{ order }, { cards = [] }] = await Promise.all([
    control(`/orders/${id}`),
    control(`/orders/${id}/cards?from=${firstCard}&count=${cardsPerPage}`),
  ]);
  if (id !== chosenId()) return undefined;
  if (order === undefined) return show(detail, id, () => empty(`没有制卡单 ${id}`, 'no such order'));
  return show(detail, { order, cards, open: [...revealed.keys()] }, () => [
    element('p', {}, element('strong', {}, id), ' ', stageBadge(order.stage), ' ', receiverText(order)),
    timeline(order),
    orderButtons(order, act),
    orderLines(order),
    element('h3', {}, ...words('卡', 'cards')),
    pager(order),
    cardTable(cards, revealed, { reveal: (position) => reveal(id, position), activate: activateOne(id) }),
  ]);
}

function receiverText({ receiver }) {
  if (receiver === undefined) return element('small', {}, '无物流信息 no logistics_info');
  const { receiver_name, receiver_address } = receiver;
  return element('small', {}, `收件人 to ${receiver_name} ${receiver_address}`);
}

function pager({ cards }) {
  const pages = Math.max(Math.ceil(cards / cardsPerPage), 1);
  const page = firstCard / cardsPerPage + 1;
  const turn = (to) => () => {
    firstCard = (to - 1) * cardsPerPage;
    revealed.clear();
    showOrder().catch(lost);
  };
  return element(
    'div',
    { class: 'buttons' },
    button('上一页', 'previous', 'previous', turn(page - 1), { disabled: page <= 1 }),
    element('span', {}, `${page} / ${pages}`),
    button('下一页', 'next', 'next', turn(page + 1), { disabled: page >= pages }),
  );
}

async function reveal(id, position) {
  if (!revealed.delete(position)) {
    const { cards = [] } = await control(`/orders/${id}/reveal`, { from: position, count: 1 });
    for (const card of cards) revealed.set(position, card);
  }
  await showOrder();
}

function activateOne(cardOrderId) {
  return (position) => act('/activations', { cardOrderId, positions: [position] });
}

const callColumns = [
  ['时间', 'time', 'time'],
  ['方向', 'direction'],
  ['接口', 'method', 'mono'],
  ['制卡单', 'order'],
  ['结果', 'outcome', 'mono outcome'],
  ['毫秒', 'ms', 'number'],
  ['故障', 'fault', 'mono'],
];
const callRows = element('tbody');

function addCalls(calls) {
  const made = calls.map((call) => {
    const { at, direction, method, cardOrderId, ok, outcome, elapsedMs, fault } = call;
    const way = direction === 'in' ? ['← 收', 'in'] : ['→ 发', 'out'];
    const result = element('span', { class: ok ? undefined : 'bad' }, `${ok ? '✓' : '✗'} ${outcome}`);
    return row(
      callColumns,
      [
        instant(at),
        words(...way),
        method.replace('alibaba.fundplatform.', ''),
        cardOrderId ?? '',
        result,
        String(elapsedMs),
        element('span', { class: 'warn' }, fault ?? ''),
      ],
      { 'data-order': cardOrderId ?? '', 'data-ok': String(ok) },
    );
  });
  callRows.prepend(...made.reverse());
  while (callRows.childElementCount > keptCalls) callRows.lastElementChild.remove();
  filterCalls();
}

function filterCalls() {
  const [onlyOrder, onlyFailed] = ['only-order', 'only-failed'].map(
    (name) => document.querySelector(`[name="${name}"]`).checked,
  );
  const chosen = chosenId() ?? '';
  for (const made of callRows.rows)
    made.hidden = (onlyOrder && made.dataset.order !== chosen) || (onlyFailed && made.dataset.ok === 'true');
}

const templateColumns = [
  ['模板号', 'template', 'mono'],
  ['名称', 'name'],
  ['面值', 'par value', 'number'],
  ['测试', 'test'],
];

async function showTemplates(count) {
  if (count === knownTemplates) return;
  const { templates } = await control('/templates');
  knownTemplates = templates.length;
  show(byId('templates-table'), templates, () => {
    if (templates.length === 0) return empty('还没有卡模板', 'no templates yet');
    const rows = templates.map(({ templateNo, cardName, parValueFen, isTest }) =>
      row(templateColumns, [templateNo, cardName, yuan(parValueFen), isTest ? '是 yes' : '否 no']),
    );
    return table(templateColumns, rows);
  });
}

async function refresh() {
  const [about, orders] = await Promise.all([control(''), control(`/orders?newest=${newestOrders}`)]);
  byId('about').textContent =
    `${about.url} · 环境 environment ${about.ownSign} · 制卡商 maker ${about.maker} · 种子 seed ${about.seed}`;
  showOrders(orders);
  await Promise.all([showOrder(), showTemplates(about.templates)]);
}

/** What is new since the last look; all of it after the sandbox was started again. */
async function poll() {
  let answer = await control(`/calls?since=${lastCall}`);
  if (answer.run !== run) {
    callRows.replaceChildren();
    answer = await control('/calls?since=0');
    run = answer.run;
    knownTemplates = -1;
    await refresh();
  } else if (answer.calls.length > 0) await refresh();
  if (answer.calls.length > 0) addCalls(answer.calls);
  lastCall = answer.next;
  link('已连接 · live', 'good');
}

function link(text, kind) {
  const badge = byId('link');
  badge.textContent = text;
  badge.className = `badge ${kind}`;
}

function lost() {
  link('连接中断 · connection lost', 'bad');
}

async function pollForEver() {
  for (;;) {
    if (!document.hidden) await poll().catch(lost);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

function countsOf(form) {
  const { templates, cards } = Object.fromEntries(new FormData(form));
  return { templates, cards };
}

const form = byId('actions');
const formActs = {
  place: () => act('/orders', countsOf(form)),
  buy: () => act('/purchases', countsOf(form)),
  template: () => act('/templates'),
  probe: () => act('/probe'),
};
form.addEventListener('submit', (event) => event.preventDefault());
form.addEventListener('click', ({ target }) => {
  const name = target.closest('[data-act]')?.getAttribute('data-act');
  if (name !== undefined && name !== null) formActs[name]();
});
byId('find').addEventListener('submit', (event) => {
  event.preventDefault();
  choose(new FormData(event.target).get('id').trim());
});
byId('calls-filters').addEventListener('change', filterCalls);
window.addEventListener('hashchange', () => {
  firstCard = 0;
  revealed.clear();
  filterCalls();
  refresh().catch(lost);
});
byId('calls-table').append(table(callColumns, [], 'flow'));
byId('calls-table').querySelector('tbody').replaceWith(callRows);
pollForEver();
