import { readFileSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import {
  explainSpi,
  type LabelledSecret,
  readSpiCall,
  type SpiCallReading,
  type SpiExplanation,
  verifySpi,
} from '@cardwright/top';
import { parseRawHttp } from './raw-http.ts';
import { print, printJson } from './terminal.ts';

/** `cardwright spi explain [FILE]`: why a captured request's signature is refused, or that it is right. */
export async function spiExplain(
  file: string | undefined,
  secrets: readonly LabelledSecret[],
  asJson: boolean,
): Promise<number> {
  const capture = file === undefined || file === '-' ? await buffer(process.stdin) : readFileSync(file);
  const request = parseRawHttp(capture);
  if (request === undefined) {
    throw new Error(
      '这不是一个 HTTP 请求 · this is no HTTP request: "POST /spi?… HTTP/1.1", headers, a blank line and the body were expected',
    );
  }
  const explanation = explainSpi(request, secrets);
  const verdict = verifySpi(
    request,
    secrets.map(({ secret }) => secret),
  );
  const reading = verdict.ok ? readSpiCall(verdict.parts) : undefined;
  if (asJson)
    printJson({ ...explanation, decoding: reading === undefined ? undefined : decodingOf(reading) });
  else printExplanation(explanation, reading);
  return explanation.ok && reading?.ok === true ? 0 : 1;
}

function decodingOf(reading: SpiCallReading): unknown {
  return reading.ok ? { ok: true, method: reading.call.method } : { ok: false, ...reading.refusal };
}

function printExplanation(explanation: SpiExplanation, reading: SpiCallReading | undefined): void {
  print(
    explanation.ok
      ? '签名正确 · the signature is right'
      : `签名错误 · the signature is wrong (${explanation.reason ?? 'wrong-sign'})`,
  );
  print();
  print('签名原文（密钥已隐去）· what was signed, secrets masked:');
  print(explanation.canonical);
  if (explanation.causes.length > 0) {
    print();
    print('可能原因 · likely causes:');
    for (const cause of explanation.causes) print(`  - [${cause.code}] ${cause.zh}\n    ${cause.en}`);
  }
  if (reading === undefined) return;
  print();
  if (reading.ok) print(`内容可接受 · the content is acceptable: ${reading.call.method}`);
  else {
    const { reason, issue } = reading.refusal;
    print(`签名正确但内容被拒绝 · the signature is right, the content is refused (${reason}):`);
    print(`  ${issue.path === '' ? 'body' : issue.path}: expected ${issue.expected}, found ${issue.found}`);
  }
}
