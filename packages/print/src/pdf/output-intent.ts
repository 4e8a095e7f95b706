import { type IccProfile, openProfile } from '../image/icc.ts';
import { Refusal } from '../refusal.ts';
import { type Ref, stringText } from './syntax.ts';

/** The press's printing condition: what the four inks of the file mean. */
export interface OutputIntent {
  /** The ICC profile as given. */
  readonly profile: Uint8Array;
  /** The profile's own description. */
  readonly description: string;
  /** The condition's name in the ICC registry, such as FOGRA39, or the description where none was given. */
  readonly condition: string;
}

/**
 * Reads a press's ICC profile. Throws the refusal `output-profile-unusable` unless it is a printer's (`prtr`) for CMYK
 * with a PCS of Lab or XYZ, of version 2 or 4 (ISO 15930-7, 6.4.2.1).
 */
export function openOutputIntent(profile: Uint8Array, condition?: string, file?: string): OutputIntent {
  const refuse = (detail: string): Refusal =>
    new Refusal('output-profile-unusable', detail, file === undefined ? {} : { file });
  let icc: IccProfile;
  try {
    icc = openProfile(profile);
  } catch (error) {
    throw error instanceof Refusal ? refuse(error.detail) : error;
  }
  if (icc.deviceClass !== 'prtr') throw refuse(`its device class is "${icc.deviceClass}", not "prtr"`);
  if (icc.colour !== 'cmyk') throw refuse(`it is for ${icc.colour}, not CMYK`);
  if (icc.connectionSpace !== 'Lab ' && icc.connectionSpace !== 'XYZ ')
    throw refuse('its connection space is neither Lab nor XYZ');
  const description = icc.description || 'CMYK';
  return { profile, description, condition: condition ?? description };
}

/** The output intent dictionary (ISO 15930-7, 6.4.2.1; ISO 32000-1, 14.11.5). */
export function outputIntentBody({ condition, description }: OutputIntent, profile: Ref): string {
  return (
    `<</Type/OutputIntent/S/GTS_PDFX/OutputConditionIdentifier${stringText(condition)}` +
    `/OutputCondition${stringText(description)}/Info${stringText(description)}` +
    `/RegistryName(http://www.color.org)/DestOutputProfile ${profile} 0 R>>`
  );
}
