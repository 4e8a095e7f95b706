import { button, element, instant, row, table, words, yuan } from './elements.js';

const stages = {
  unanswered: ['未应答', 'unanswered', 'warn'],
  accepted: ['已接收', 'accepted', 'mark'],
  refused: ['被拒绝', 'refused', 'bad'],
  finished: ['已制卡', 'finished', 'mark'],
  shipped: ['已发货', 'shipped', 'mark'],
  received: ['已收货', 'received', 'good'],
};

export function stageBadge(stage) {
  const [zh, en, kind] = stages[stage];
  return element('span', { class: `badge ${kind}` }, `${zh} ${en}`);
}

/** The order's story, as far as it has come. */
export function timeline(order) {
  const { makerAnswer, makeSuccess, purchase, shipment } = order;
  const steps = [
    ['下单', 'placed', order.placedAt, purchase && `购买 bought as ${purchase.outBizId}`],
    answerStep(makerAnswer),
    ['制卡完成', 'make.finish', order.finishedAt],
    ...(purchase === undefined ? [] : [noticeStep(makeSuccess)]),
    ['发货', 'sended', shipment?.at, shipment && `${shipment.logisticsCompany} ${shipment.logisticsOrderId}`],
    ['确认收货', 'receipt', order.receiptAt],
    ['激活', 'activated', order.activatedAt, `${order.activated} / ${order.cards}`],
  ];
  const items = steps.map(([zh, en, at, more, isBad]) =>
    element(
      'li',
      { class: isBad === true ? 'bad' : at === undefined ? undefined : 'done' },
      element('span', {}, ...words(zh, en)),
      element('span', {}, [instant(at), more].filter((part) => part).join(' · ') || '—'),
    ),
  );
  return element('ol', { class: 'timeline' }, ...items);
}

function answerStep(answer) {
  if (answer === undefined) return ['制卡商应答', "maker's answer"];
  const code = answer.resultCode === undefined ? '' : ` ${answer.resultCode}`;
  const what = answer.accepted ? `${answer.makingCardNo ?? ''}${code}` : `拒绝 refused${code}`;
  return ['制卡商应答', "maker's answer", answer.at, what, !answer.accepted];
}

function noticeStep(notice) {
  if (notice === undefined) return ['通知制卡成功', 'make.success'];
  const { acknowledgedAt, lastAt, deliveries, problem } = notice;
  const times = `${deliveries} 次 sent`;
  if (acknowledgedAt !== undefined) return ['通知制卡成功', 'make.success', acknowledgedAt, times];
  return ['通知制卡成功', 'make.success', lastAt, `${times}, ${problem ?? ''}`, true];
}

/** What there is to do with an order; `act(path, body)` does it. */
export function orderButtons({ cardOrderId, purchase, finishedAt, shipment, activated, cards }, act) {
  const path = `/orders/${cardOrderId}`;
  const isDue = purchase !== undefined && finishedAt !== undefined;
  return element(
    'div',
    { class: 'buttons' },
    button('重发', 'Resend', 'resend', () => act(`${path}/resend`)),
    button('查询进度', 'Query status', 'status', () => act(`${path}/status`)),
    button('确认收货', 'Receipt', 'receipt', () => act(`${path}/receipt`), {
      disabled: shipment === undefined,
    }),
    isDue
      ? button('再次通知制卡成功', 'make.success again', 'notice', () => act(`${path}/make-success`))
      : '',
    button('全部激活', 'Activate all', 'activate', () => act('/activations', { cardOrderId }), {
      disabled: shipment === undefined || activated === cards,
    }),
  );
}

const lineColumns = [
  ['模板号', 'template', 'mono'],
  ['名称', 'name'],
  ['面值', 'par value', 'number'],
  ['数量', 'cards', 'number'],
];

export function orderLines({ lines }) {
  const rows = lines.map(({ templateNo, cardName, parValueFen, count }) =>
    row(lineColumns, [templateNo, cardName, yuan(parValueFen), count]),
  );
  return element('div', { class: 'scroll' }, table(lineColumns, rows));
}

const cardColumns = [
  ['序号', '#', 'number'],
  ['卡号', 'card no', 'mono secret'],
  ['密码', 'password', 'mono secret'],
  ['二维码', 'QR', 'mono'],
  ['状态', 'status'],
  ['', '', 'acts'],
];

/** A page of cards, covered unless in `revealed`; `reveal(position)` uncovers one or covers it again. */
export function cardTable(cards, revealed, { reveal, activate }) {
  const rows = cards.map((masked) => {
    const { position, status, activated } = masked;
    const open = revealed.get(position);
    const { cardNo, cardPassword, qrCode = '', shortQrCode = '' } = open ?? masked;
    const qr = [qrCode, open === undefined ? '' : shortQrCode].filter((text) => text !== '').join(' ');
    const state = activated ? ['已激活', 'activated', 'good'] : ['未激活', 'not activated', ''];
    return row(cardColumns, [
      String(position + 1),
      cardNo,
      cardPassword,
      qr,
      [`${status} `, element('span', { class: `badge ${state[2]}` }, `${state[0]} ${state[1]}`)],
      [
        button(
          open === undefined ? '显示' : '隐藏',
          open === undefined ? 'reveal' : 'hide',
          `reveal-${position}`,
          () => reveal(position),
          { class: 'plain' },
        ),
        activated
          ? ''
          : button('激活', 'activate', `activate-${position}`, () => activate(position), { class: 'plain' }),
      ],
    ]);
  });
  return element('div', { class: 'scroll' }, table(cardColumns, rows, 'blocks'));
}
