import type {
  CardOrderReference,
  CardTemplateNew,
  Environment,
  SpiAnswerOf,
  SpiCall,
  SpiMethod,
} from '@cardwright/top';
import type { AcceptCardOrder } from '../card-order/accept.ts';
import type { OrderProgress } from '../card-order/progress-store.ts';
import { platformStatusOf } from '../card-order/transitions.ts';
import { failure, type ResultCode } from './result-codes.ts';

/** What the interfaces need of the house; given by the composition root. */
export interface GatewayServices {
  readonly acceptCardOrder: AcceptCardOrder;
  readonly storeTemplate: (template: CardTemplateNew) => Promise<'stored' | 'duplicate' | 'conflict'>;
  readonly findProgress: (
    environment: Environment,
    cardOrderId: bigint,
  ) => Promise<OrderProgress | undefined>;
  readonly storeReceipt: (
    environment: Environment,
    cardOrderId: bigint,
  ) => Promise<'stored' | 'duplicate' | 'not-found'>;
}

export type Handled =
  | { ok: true; answer: SpiAnswerOf<SpiMethod> }
  | { ok: false; failure: ReturnType<typeof failure> };

const success = { result_message: '', result_code: '', success: true } as const;
const done: Handled = { ok: true, answer: success };
const refused = (code: ResultCode, detail?: string): Handled => ({
  ok: false,
  failure: failure(code, detail),
});

/** Carries out one admitted call. Throws where the outcome is not known; the caller then answers `system-busy`. */
export async function handleCall(services: GatewayServices, call: SpiCall): Promise<Handled> {
  switch (call.method) {
    case 'alibaba.fundplatform.cardorder.make':
      return makeCardOrder(services, call.params);
    case 'alibaba.fundplatform.card.template.new':
      return (await services.storeTemplate(call.params)) === 'conflict' ? refused('template-conflict') : done;
    case 'alibaba.fundplatform.cardorder.status.query':
      return queryStatus(services, call.params.request);
    case 'alibaba.fundplatform.cardorder.receipt': {
      const outcome = await services.storeReceipt(call.params.own_sign, call.params.card_order_id);
      return outcome === 'not-found' ? refused('order-not-exist') : done;
    }
  }
}

async function makeCardOrder(
  services: GatewayServices,
  order: Extract<SpiCall, { method: 'alibaba.fundplatform.cardorder.make' }>['params'],
): Promise<Handled> {
  const acceptance = await services.acceptCardOrder(order.own_sign, order);
  switch (acceptance.kind) {
    case 'accepted':
    case 'duplicate':
      return { ok: true, answer: { response: { making_card_no: acceptance.makingCardNo, ...success } } };
    case 'conflict':
      return refused('order-conflict');
    case 'refused':
      return refused(acceptance.why);
  }
}

async function queryStatus(services: GatewayServices, reference: CardOrderReference): Promise<Handled> {
  const progress = await services.findProgress(reference.own_sign, reference.card_order_id);
  const status = progress === undefined ? 'REQUEST_NOT_EXIST' : platformStatusOf[progress.state];
  const delivered = status === 'DELIVERED';
  return {
    ok: true,
    answer: {
      response: {
        status,
        ...success,
        logistics_company: delivered ? (progress?.logisticsCompany ?? '') : '',
        logistics_order_id: delivered ? (progress?.logisticsOrderId ?? '') : '',
      },
    },
  };
}
