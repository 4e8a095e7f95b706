import type { Environment } from '@cardwright/top';

/** A card as the platform truly means it. */
export interface TrueCard {
  readonly cardNo: string;
  readonly cardPassword: string;
  readonly qrCode: string;
  readonly shortQrCode: string;
  readonly templateNo: string;
}

/** An order that was answered with success, as the platform sent it. */
export interface AcknowledgedOrder {
  readonly cardOrderId: bigint;
  readonly makingCardNo: string;
  readonly lines: readonly {
    readonly templateNo: string;
    readonly count: bigint;
    readonly parValueFen: bigint;
  }[];
  /** Name, phone, address and postcode, in the order in which intake seals them; undefined for none. */
  readonly receiver: readonly string[] | undefined;
}

/** What an order's notifications did at the platform. */
export interface Effects {
  readonly finish: number;
  readonly sended: number;
  /** In the order in which they took place. */
  readonly order: readonly ('finish' | 'sended')[];
}

/** How far an order's cards can be held against the truth. */
export type Truthfulness =
  /** The platform told nothing but the truth, or a lie that has to be noticed. */
  | 'exact'
  /** It told lies that nobody can see: what it said is all that there is. */
  | 'as-said';

/** Everything that the platform's side knows, which the product cannot reach. */
export interface PlatformSide {
  readonly environment: Environment;
  acknowledged(): readonly AcknowledgedOrder[];
  truth(cardOrderId: bigint): Promise<readonly TrueCard[]>;
  effects(cardOrderId: bigint): Promise<Effects>;
  truthfulness(cardOrderId: bigint): Truthfulness;
  /** Texts that stand for themselves wherever they are found: numbers, passwords, codes, receivers. */
  secrets(): Promise<readonly string[]>;
}
