import type { CallStyle } from '../maker-link.ts';
import type { Strike } from './plan.ts';

/** How one call to the maker is dressed and sent. */
export interface Dress {
  readonly style: CallStyle;
  readonly secret: string;
  /** `name=value`, percent-encoded, for the query. */
  readonly extraParameter?: string;
  /** Cut the connection once the request is sent. */
  readonly hangUp?: boolean;
  /** For logs. */
  readonly fault?: string;
}

const styles: readonly CallStyle[] = (['form', 'json', 'xml', 'multipart', 'get'] as const).flatMap((body) =>
  (['utf-8', 'gb18030'] as const).flatMap((charset) =>
    (['json', 'xml'] as const).map((format) => ({ body, charset, format })),
  ),
);

/** The dress of a call that a fault strikes. */
export function struckDress(plain: Dress, { kind, by, dice }: Strike): Dress {
  const dress = { ...plain, fault: `${kind} (${by})` };
  switch (kind) {
    case 'maker-wrong-signature':
      return { ...dress, secret: `not-${plain.secret}` };
    case 'maker-other-style':
      return { ...dress, style: styles[dice(styles.length)]! };
    case 'maker-extra-parameter':
      return { ...dress, extraParameter: 'new_parameter=%E6%96%B0' };
    case 'maker-hang-up':
      return { ...dress, hangUp: true };
    default:
      return dress;
  }
}

/** Calls that go out later than they should. */
export interface Later {
  after(ms: number, work: () => Promise<unknown>): void;
  /** Until the next release, or for so long at most. */
  hold(ms: number, work: () => Promise<unknown>): void;
  release(): void;
  /** Forgets whatever has not gone out. */
  drop(): void;
}

export function createLater(): Later {
  const timers = new Set<NodeJS.Timeout>();
  const held = new Set<() => void>();
  const after = (ms: number, work: () => void): NodeJS.Timeout => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      work();
    }, ms);
    timers.add(timer);
    return timer;
  };
  return {
    after: (ms, work) => void after(ms, () => void work()),
    hold(ms, work) {
      const go = (): void => {
        clearTimeout(timer);
        if (held.delete(go)) void work();
      };
      const timer = after(ms, go);
      held.add(go);
    },
    release() {
      for (const go of [...held]) go();
    },
    drop() {
      for (const timer of timers) clearTimeout(timer);
      held.clear();
    },
  };
}
