/** What is wrong, in Chinese and English, and what to do next. */
export interface RefusalText {
  readonly zh: string;
  readonly en: string;
  readonly next: string;
}
