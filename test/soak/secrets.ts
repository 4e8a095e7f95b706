import { setTimeout as delay } from 'node:timers/promises';
import { Farm } from '../crash/farm.ts';
import { pick, seededRandom } from '../crash/random.ts';
import { Shop } from '../crash/shop.ts';
import { lieKinds } from '../sim/focus.ts';
import { CanarySearch } from './canaries.ts';
import { type Shown, type Size, shareOf } from './property.ts';

const cardsPerOrder = 250;
const receiversSearched = 20;
const limitMs = 600_000;

/** R12: canary cards through their life and the ways in which it goes wrong; then everything that was written is searched. */
export async function secretsStayHidden(size: Size): Promise<Shown> {
  const random = seededRandom(size.seed);
  const orders = Math.ceil(shareOf(10_000, size) / cardsPerOrder);
  const farm = await Farm.open(size.seed, 0.15);
  farm.tellsEverything = true;
  try {
    const members = [farm.gateway(), farm.worker(), farm.worker('task:fetch-cards:before-commit=kill@5')];
    await Promise.all(members.map((member) => member.whenReady));
    const shop = new Shop(farm, random, {
      orders,
      cards: () => cardsPerOrder,
      beforeOrder: (cardOrderId) =>
        random() < 0.6
          ? farm.sandbox.faults.add({ kind: pick(random, lieKinds), cardOrderId, times: 2 })
          : Promise.resolve(),
    });
    const stop = new AbortController();
    const running = shop.run(stop.signal);
    const until = performance.now() + limitMs;
    while (!shop.hasOrderedAll && performance.now() < until) await delay(100);
    stop.abort();
    await running;
    await farm.sandbox.faults.setChaos(undefined);
    await farm.sandbox.faults.clear();
    const left = await shop.settle(limitMs);
    // What is in buffers goes to the files that are searched.
    await farm.pool.query('checkpoint');
    const search = new CanarySearch(canariesOf(farm));
    search.folder(farm.dataDir);
    for (const { name, text } of await dumpOf(farm)) search.bytes(`dump of ${name}`, Buffer.from(text));
    await Promise.all(members.map((member) => (member.isAlive ? member.stop() : undefined)));
    for (const [n, { output }] of members.entries())
      search.bytes(`output of member ${n}`, Buffer.from(output));
    const { found, files, bytes } = search.result();
    const outputBytes = members.reduce((sum, { output }) => sum + output.length, 0);
    return {
      property: 'R12',
      what: `canary cards through the whole life and error paths, searched plain, as UTF-16, hex, base64 and gzip`,
      count: orders * cardsPerOrder,
      seed: size.seed,
      violations: [
        ...found,
        ...(left.length === 0 ? [] : [`${left.length} orders did not come to their end`]),
      ],
      figures: `${files} files and dumps of ${Math.round(bytes / 1e6)} MB searched, ${Math.round(outputBytes / 1e3)} kB of them output`,
    };
  } finally {
    await farm.close();
  }
}

function canariesOf({ sandbox }: Farm): Iterable<string> {
  const canaries = new Set<string>();
  for (const [n, { cardOrderId, receiver }] of sandbox.orders().entries()) {
    for (const { cardNo, cardPassword, qrCode, shortQrCode } of sandbox.truth(cardOrderId)) {
      for (const text of [cardNo, cardPassword]) canaries.add(text);
      // The address of a code is the same for all; what follows it is the secret.
      canaries.add(qrCode.slice(qrCode.indexOf('code=') + 'code='.length));
      canaries.add(shortQrCode.slice(shortQrCode.lastIndexOf('/') + 1));
    }
    if (receiver !== undefined && n < receiversSearched)
      for (const text of [receiver.receiver_name, receiver.receiver_number, receiver.receiver_address])
        for (const encoded of encodingsOf(text)) canaries.add(encoded);
  }
  return canaries;
}

/** Those that a search by letters and digits would not unwrap. */
function encodingsOf(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const base64 = [0, 1, 2].map((offset) =>
    // Without the signs that depend on what stands before and after.
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice(offset === 0 ? 0 : 4)
      .replace(/.{0,3}=*$/, ''),
  );
  return [text, bytes.toString('hex'), ...base64.filter((each) => each.length >= 10)];
}

/** What a backup would hold. */
async function dumpOf({ pool }: Farm): Promise<readonly { name: string; text: string }[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname in ('public', 'graphile_worker') order by 1`,
  );
  const dumps: { name: string; text: string }[] = [];
  for (const { name } of rows) {
    const dump = await pool.query<{ text: string | null }>(
      `select string_agg(t::text, chr(10)) as text from ${name} t`,
    );
    dumps.push({ name, text: dump.rows[0]?.text ?? '' });
  }
  return dumps;
}
