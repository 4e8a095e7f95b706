/** What happened in a schedule, or in many. */
export interface Counts {
  steps: number;
  kills: number;
  pauses: number;
  lostTransactions: number;
  lostAnswers: number;
  fenced: number;
  orders: number;
  shipped: number;
  cancelled: number;
  /** Faults of the platform, and those of them that may hurt. */
  struck: number;
  lies: number;
  holds: number;
  /** Reports that may have acted, or that were said once more. */
  saidAgain: number;
}

export const noCounts = (): Counts => ({
  steps: 0,
  kills: 0,
  pauses: 0,
  lostTransactions: 0,
  lostAnswers: 0,
  fenced: 0,
  orders: 0,
  shipped: 0,
  cancelled: 0,
  struck: 0,
  lies: 0,
  holds: 0,
  saidAgain: 0,
});
