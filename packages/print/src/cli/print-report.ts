import type { PrintReport } from '../run/print-run.ts';
import { counted, formatBytes, formatCount, rateLine } from './progress.ts';

export interface ToldRun {
  readonly report: PrintReport;
  readonly folder: string;
  readonly seconds: number;
  /** Pages of a sheet, or of a card where there are no sheets. */
  readonly sides: number;
  readonly onSheets: boolean;
  readonly isProof: boolean;
}

export function reportJson({ report, seconds }: ToldRun): string {
  const { manifest, manifestPath, warnings, filesKept } = report;
  const { files, totals } = manifest;
  return JSON.stringify({
    manifestPath,
    totals,
    bytes: bytesOf(report),
    seconds,
    filesKept,
    files,
    warnings,
  });
}

export function reportLines(run: ToldRun): string[] {
  const { report, folder, seconds, isProof } = run;
  const { files } = report.manifest;
  const kept = report.filesKept === 0 ? '' : `, ${report.filesKept} 个沿用 kept from an earlier run`;
  return [
    ...warningLines(report.warnings),
    ...(isProof
      ? ['样张：保密字段均为假值，不可上机 a proof: every secret is a dummy, not for the press']
      : []),
    cardsLine(run),
    `${counted(files.length, '个文件', 'file')} in ${folder}, ${formatBytes(bytesOf(report))}${kept}`,
    rateLine(printedNow(report), 'cards', seconds),
    `清单 manifest ${report.manifestPath}`,
  ];
}

function cardsLine({ report, sides, onSheets }: ToldRun): string {
  const { files, totals } = report.manifest;
  const cards = counted(totals.records, '张卡', 'card');
  const pages = counted(totals.sheets * sides, '页', 'page');
  const parts = [...new Set(files.map(({ part }) => part))];
  const each = parts.length > 1 ? `, ${parts.length} 版 parts: ${parts.join(', ')}` : '';
  if (!onSheets) return `${cards}, ${pages}${each}`;
  const sheets = counted(totals.sheets, '大张', 'sheet');
  return `${cards} on ${sheets} (${pages}), ${formatCount(totals.voids)} 空位 VOID${each}`;
}

function bytesOf({ manifest }: PrintReport): number {
  return manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The cards that this run drew, each once however many parts it has. */
function printedNow({ manifest: { files }, filesKept }: PrintReport): number {
  const [first] = files;
  const drawn = files.slice(filesKept).filter(({ part }) => part === first?.part);
  return drawn.reduce((sum, { records }) => sum + records, 0);
}

export function warningLines(warnings: PrintReport['warnings']): string[] {
  return warnings.map((warning) => {
    const { at, zh, en } = warning;
    return `警告 warning: ${at}: ${zh} · ${en}${'detail' in warning ? ` (${warning.detail})` : ''}`;
  });
}
