import { type FetchParts, fetchCards, holdUnfetched } from '../personalisation/fetch.ts';
import { type WatchParts, watchCards } from '../personalisation/watch.ts';
import { orderKeyOf } from './payload.ts';
import type { Task } from './tasks.ts';

/** The tasks that fetch the cards of an order, and look at them again until they are shipped. */
export function cardTasks(parts: FetchParts & WatchParts): readonly Task[] {
  return [
    {
      name: 'fetch-cards',
      lane: 'slow',
      zh: '取卡',
      en: 'fetches the cards of an order',
      run: (payload, work) => fetchCards(parts, work, orderKeyOf(payload)),
      onParked: (client, payload, cause) => holdUnfetched(client, orderKeyOf(payload), cause),
    },
    {
      name: 'watch-cards',
      lane: 'slow',
      zh: '发货前查卡状态',
      en: 'looks whether a card was used before it was shipped',
      run: (payload, work) => watchCards(parts, work, orderKeyOf(payload)),
    },
  ];
}
