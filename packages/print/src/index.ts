/**
 * `@cardwright/print`: from card records to what a press takes (卡片可变数据印刷). It knows no orders, no database and no
 * clock; everything that it makes depends on its input alone. Expected refusals are thrown as `Refusal`, with a code that
 * never changes its meaning, the record's number and the place.
 */

export { createCode128Encoder } from './code/code-128.ts';
export { createDataMatrixEncoder } from './code/data-matrix.ts';
export type { Modules } from './code/modules.ts';
export { createQrEncoder } from './code/qr.ts';
export type { FileSeal } from './file/whole-file.ts';
export { bundledChains, bundledFontPath, bundledTypefaceNames, readFontFile } from './font/bundled.ts';
export { openTypeface } from './font/open-typeface.ts';
export type { Typeface } from './font/typeface.ts';
export type { Artwork } from './image/artwork.ts';
export { openArtwork } from './image/open.ts';
export { type ManifestFile, parseManifest, type RunManifest } from './imposition/manifest.ts';
export { type ManifestProblem, verifyManifest } from './imposition/verify.ts';
export { type CompiledLayout, compileLayout } from './layout/compile.ts';
export { dummyRow } from './layout/dummy.ts';
export { layoutJsonSchema } from './layout/json-schema.ts';
export { parseLayout } from './layout/parse.ts';
export { previewPng, previewSvg } from './layout/preview.ts';
export { proofFace, proofRecords } from './layout/proof.ts';
export type { Layout } from './layout/schema.ts';
export type { Side } from './layout/sides.ts';
export type { LayoutWarning } from './layout/warning.ts';
export { maskAddress } from './paper/address.ts';
export { maskCardNo, maskName, maskPhone } from './paper/masking.ts';
export { bundledPaperFonts } from './paper/paper-fonts.ts';
export { parsePaper } from './paper/parse.ts';
export { type PaperOptions, renderPaper } from './paper/render.ts';
export { type PaperData, type PaperKind, paperSchemas } from './paper/schema.ts';
export { type ExportRequest, writeExport } from './perso/export.ts';
export { persoFileName } from './perso/file-name.ts';
export { type PressKey, readPressKey } from './perso/press-key.ts';
export { lockProfile, type PersoProfile, parsePersoProfile } from './perso/profile.ts';
export { type PersoCheck, readPerso } from './perso/read.ts';
export { type PersoOptions, type PersoSummary, writePerso } from './perso/write.ts';
export { parsePress } from './press/parse.ts';
export { type PressProfile, writtenPressSchema } from './press/schema.ts';
export { openRecords, type RecordFileOptions } from './records/open.ts';
export type { NumberedBatch, RecordSource, Row } from './records/record.ts';
export { readRemakeList } from './records/remake-list.ts';
export { type Selection, selectRecords } from './records/select.ts';
export { Refusal, type RefusalCode, type RefusalPlace, refusals } from './refusal.ts';
export {
  type PrintJob,
  type PrintOptions,
  type PrintProgress,
  type PrintReport,
  printRun,
} from './run/print-run.ts';
