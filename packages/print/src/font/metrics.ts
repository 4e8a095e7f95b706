import { Refusal } from '../refusal.ts';
import { type SfntTables, tableOf } from './sfnt.ts';

/** What a font descriptor says (ISO 32000-1, 9.8). In thousandths of the type size. */
export interface FontMetrics {
  readonly bbox: readonly [number, number, number, number];
  readonly ascent: number;
  /** Negative. */
  readonly descent: number;
  readonly capHeight: number;
  readonly italicAngle: number;
  readonly stemV: number;
  readonly flags: number;
}

const flagBits = { fixedPitch: 1, serif: 2, symbolic: 4, italic: 64 } as const;

/**
 * From `head`, `hhea` and, where the font has them, `OS/2` and `post`.
 * @throws Refusal `font-unreadable`
 */
export function readMetrics(tables: SfntTables, unitsPerEm: number): FontMetrics {
  const scaled = (units: number): number => toThousandths(units, unitsPerEm);
  const head = tableOf(tables, 'head', 54);
  const hhea = tableOf(tables, 'hhea', 36);
  const os2 = tables.get('OS/2');
  const post = tables.get('post');
  const ascent = scaled(hhea.getInt16(4));
  if (ascent <= 0) throw new Refusal('font-unreadable', 'it has no height above the baseline');
  const italicAngle = post && post.byteLength >= 16 ? post.getInt32(4) / 0x10000 : 0;
  const isFixedPitch = post !== undefined && post.byteLength >= 16 && post.getUint32(12) !== 0;
  const weight = os2 && os2.byteLength >= 6 ? os2.getUint16(4) : 400;
  const hasCapHeight =
    os2 !== undefined && os2.byteLength >= 90 && os2.getUint16(0) >= 2 && os2.getInt16(88) > 0;
  return {
    bbox: [
      scaled(head.getInt16(36)),
      scaled(head.getInt16(38)),
      scaled(head.getInt16(40)),
      scaled(head.getInt16(42)),
    ],
    ascent,
    descent: -Math.abs(scaled(hhea.getInt16(6))),
    capHeight: hasCapHeight ? scaled(os2.getInt16(88)) : Math.round(ascent * 0.7),
    italicAngle,
    stemV: stemOf(weight),
    flags:
      flagBits.symbolic |
      (isFixedPitch ? flagBits.fixedPitch : 0) |
      (hasSerifs(os2) ? flagBits.serif : 0) |
      (italicAngle === 0 ? 0 : flagBits.italic),
  };
}

/** No table has the width of stems. Readers use it to stand in for fonts that are not embedded, so a guess by weight does. */
function stemOf(weight: number): number {
  return Math.round(10 + (220 * (Math.min(Math.max(weight, 100), 900) - 50)) / 900);
}

/** PANOSE of Latin text: family kind 2, serif styles 2 to 10. */
function hasSerifs(os2: DataView | undefined): boolean {
  if (os2 === undefined || os2.byteLength < 42) return false;
  return os2.getUint8(32) === 2 && os2.getUint8(33) >= 2 && os2.getUint8(33) <= 10;
}

/** To three decimals, as they stand in a PDF: what is measured is what is drawn. */
export function toThousandths(units: number, unitsPerEm: number): number {
  return Math.round((units * 1e6) / unitsPerEm) / 1e3;
}

const restrictedLicence = 0x0002;
const previewOrEditable = 0x000c;
const noSubsetting = 0x0100;
const bitmapsOnly = 0x0200;

/**
 * Of several permissions the least restrictive counts (OpenType 1.9.1, OS/2, fsType).
 * @throws Refusal `font-embedding-forbidden`
 */
export function refuseUnlessEmbeddable(tables: SfntTables): void {
  const os2 = tables.get('OS/2');
  if (os2 === undefined || os2.byteLength < 10) return;
  const permissions = os2.getUint16(8);
  const why =
    permissions & restrictedLicence && !(permissions & previewOrEditable)
      ? 'it may not be embedded at all'
      : permissions & noSubsetting
        ? 'it may only be embedded whole'
        : permissions & bitmapsOnly
          ? 'only its bitmaps may be embedded'
          : undefined;
  if (why !== undefined)
    throw new Refusal(
      'font-embedding-forbidden',
      `${why} (fsType 0x${permissions.toString(16).padStart(4, '0')})`,
    );
}
