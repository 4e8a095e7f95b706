import { Refusal } from '../refusal.ts';
import type { Artwork } from './artwork.ts';

export const profileBytesAtMost = 8 * 1024 * 1024;

const spaces: Readonly<Record<string, Artwork['colour']>> = { GRAY: 'grey', 'RGB ': 'rgb', CMYK: 'cmyk' };
/** The classes that an ICCBased colour space takes (ISO 32000-1, 8.6.5.5): input, display, output, colour space. */
const classes = ['scnr', 'mntr', 'prtr', 'spac'];
const headerBytes = 128;

export interface IccProfile {
  readonly bytes: Uint8Array;
  readonly majorVersion: number;
  /** Four characters: `prtr` a press, `mntr` a screen, … */
  readonly deviceClass: string;
  /** Four characters: `Lab ` or `XYZ ` of all but device links. */
  readonly connectionSpace: string;
  readonly colour: Artwork['colour'];
  /** As the profile describes itself; '' where it does not. */
  readonly description: string;
}

/**
 * A profile whose header and tag table hold together (ICC.1:2022, 7.2 and 7.3). Throws `artwork-profile-unfit` for anything
 * else: a press's software refuses a whole file for it, late.
 */
export function openProfile(given: Uint8Array): IccProfile {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  if (bytes.length < headerBytes + 4) throw unfit('it is shorter than its header');
  if (bytes.toString('latin1', 36, 40) !== 'acsp') throw unfit('it has no signature acsp');
  if (bytes.readUInt32BE(0) !== bytes.length) throw unfit('its length is not the one in its header');
  const majorVersion = bytes[8] as number;
  if (majorVersion < 2 || majorVersion > 4) throw unfit('it is of a version that is not 2 or 4');
  const deviceClass = bytes.toString('latin1', 12, 16);
  if (!classes.includes(deviceClass)) throw unfit('its class is not input, display, output or colour space');
  const colour = spaces[bytes.toString('latin1', 16, 20)];
  if (colour === undefined) throw unfit('its colour space is not grey, RGB or CMYK');
  const connectionSpace = bytes.toString('latin1', 20, 24);
  return {
    ...{ bytes: given, majorVersion, deviceClass, connectionSpace, colour },
    description: descriptionIn(bytes),
  };
}

/** A profile for pictures of this kind. Throws `artwork-profile-unfit`. */
export function profileFor(colour: Artwork['colour'], bytes: Uint8Array): IccProfile {
  const profile = openProfile(bytes);
  if (profile.colour !== colour)
    throw unfit(`the picture is ${colour}, its profile is for ${profile.colour}`);
  return profile;
}

export function unfit(what: string): Refusal {
  return new Refusal('artwork-profile-unfit', what);
}

function descriptionIn(bytes: Buffer): string {
  const count = bytes.readUInt32BE(headerBytes);
  if (headerBytes + 4 + count * 12 > bytes.length) throw unfit('its table of tags is cut off');
  let described = '';
  for (let index = 0; index < count; index++) {
    const entry = headerBytes + 4 + index * 12;
    const start = bytes.readUInt32BE(entry + 4);
    const length = bytes.readUInt32BE(entry + 8);
    if (start + length > bytes.length) throw unfit('a tag lies outside of it');
    if (bytes.toString('latin1', entry, entry + 4) === 'desc')
      described = textOf(bytes.subarray(start, start + length));
  }
  return described;
}

/** A textDescriptionType (version 2) or the first text of a multiLocalizedUnicodeType (version 4). */
function textOf(tag: Buffer): string {
  const kind = tag.toString('latin1', 0, 4);
  let text = '';
  if (kind === 'desc' && tag.length >= 12) {
    text = tag.toString('latin1', 12, Math.min(12 + tag.readUInt32BE(8), tag.length));
  } else if (kind === 'mluc' && tag.length >= 28) {
    const start = tag.readUInt32BE(24);
    const even = tag.subarray(start, start + (tag.readUInt32BE(20) & ~1));
    text = even.length % 2 === 0 ? Buffer.from(even).swap16().toString('utf16le') : '';
  }
  return text.replace(/[^\p{L}\p{N}\p{P}\p{S} ]/gu, '').slice(0, 100);
}
