/** What can be wrong with an audit log, in words for people. */
const kinds = {
  'event-missing': ['事件缺失', 'events are missing'],
  'event-changed': [
    '事件或其前一事件被改动',
    'does not fit its hash: this event, or the hash of the one before, was changed',
  ],
  'event-out-of-order': ['事件重复或次序错误', 'stands where a later event should: repeated or out of order'],
  'event-outside': ['事件不属于任何链', 'an event stands outside the chains'],
  'head-differs': ['链尾记录与最后事件不符', 'the recorded end of the chain is not its last event'],
  'head-missing': ['链尾记录缺失', 'the recorded end of the chain is missing'],
  'checkpoint-missing': ['检查点缺失', 'checkpoints are missing'],
  'checkpoint-out-of-order': ['检查点重复或次序错误', 'the checkpoint is repeated or out of order'],
  'checkpoint-malformed': ['检查点内容无效', 'the checkpoint does not say what a checkpoint says'],
  'checkpoint-foreign': ['检查点属于另一数据库', 'the checkpoint was signed for another database'],
  'checkpoint-unlinked': ['检查点与前一检查点不相连', 'the checkpoint does not follow on the one before'],
  'checkpoint-signature': ['检查点签名错误', 'the signature of the checkpoint is wrong'],
  'checkpoint-key': ['检查点的公钥未提供', 'the checkpoint is signed with a key that was not given'],
  'checkpoint-contradicts': [
    '链与已签名的检查点不符',
    'the chain is not what a signed checkpoint says: events were cut off or rewritten',
  ],
  'copy-without-original': [
    '外部副本中的检查点已从数据库消失',
    'a checkpoint in the copy outside the database is gone from the database',
  ],
  'copy-differs': ['检查点与外部副本不符', 'the checkpoint differs from its copy outside the database'],
  'copy-unreadable': ['外部副本有无法读取的行', 'the copy outside the database has an unreadable line'],
  'guard-off': ['只增触发器被关闭或删除', 'the trigger that refuses changes is off or gone'],
  'export-line': ['导出文件有无法读取的行', 'the export has an unreadable line'],
  'export-digest': ['导出文件的校验和不符', 'the export is not what its own checksum says'],
  'export-counts': ['导出文件的行数不符', 'the export has not as many lines as it says'],
} as const satisfies Readonly<Record<string, readonly [string, string]>>;

export type FindingKind = keyof typeof kinds;

/** One thing that is wrong, and where. Holds places and names, never what a row says. */
export interface Finding {
  readonly kind: FindingKind;
  readonly chain?: number;
  /** The event, or the first of those that are missing. */
  readonly seq?: string;
  /** The last of those that are missing. */
  readonly lastSeq?: string;
  readonly checkpoint?: string;
  /** A table, a key, a line: what else names the place. */
  readonly place?: string;
}

/** One line for people. */
export function describeFinding(finding: Finding): string {
  const { chain, seq, lastSeq, checkpoint, place } = finding;
  const range =
    seq === undefined ? '' : `${seq}${lastSeq === undefined || lastSeq === seq ? '' : `–${lastSeq}`}`;
  const where = [
    ...(checkpoint === undefined ? [] : [`检查点 checkpoint ${checkpoint}`]),
    ...(chain === undefined ? [] : [`链 chain ${chain}`]),
    ...(range === '' ? [] : [`事件 event ${range}`]),
    ...(place === undefined ? [] : [place]),
  ].join(', ');
  const [zh, en] = kinds[finding.kind];
  return `${where === '' ? '' : `${where}: `}${zh} · ${en}`;
}
