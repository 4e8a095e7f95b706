import { planCertificate } from './certificate.ts';
import type { PlannedPaper } from './flow.ts';
import { planHandOver } from './hand-over.ts';
import { planLabel } from './label.ts';
import { planPackingList } from './packing-list.ts';
import { parsePaper } from './parse.ts';
import type { PaperKind } from './schema.ts';
import type { Typesetter } from './text.ts';
import { planWaybill } from './waybill.ts';

/** Checks the data of a paper and lays it out, without drawing: `typesetter.recordNo` names it in refusals. */
export function planPaper(kind: PaperKind, data: unknown, typesetter: Typesetter): PlannedPaper {
  const { recordNo } = typesetter;
  switch (kind) {
    case 'bundle-label':
    case 'box-label':
    case 'carton-label':
      return planLabel(kind, parsePaper(kind, data, recordNo));
    case 'waybill':
      return planWaybill(parsePaper(kind, data, recordNo));
    case 'packing-list':
      return planPackingList(parsePaper(kind, data, recordNo), typesetter);
    case 'hand-over':
      return planHandOver(parsePaper(kind, data, recordNo), typesetter);
    case 'certificate':
      return planCertificate(parsePaper(kind, data, recordNo), typesetter);
  }
}
