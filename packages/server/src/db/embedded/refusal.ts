/** Why the embedded PostgreSQL would not start. */
export type RefusalReason =
  | 'platform_unsupported'
  | 'folder_in_use'
  | 'folder_not_ours'
  | 'folder_closed'
  | 'folder_foreign'
  | 'version_mismatch'
  | 'init_failed'
  | 'start_failed';

/**
 * The embedded server would not start for a reason that the operator can act on. The message is complete, in
 * Chinese and English, names the folder and what to do, and holds no secret: print it as it is, without a stack.
 */
export class EmbeddedPostgresRefusal extends Error {
  override readonly name = 'EmbeddedPostgresRefusal';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, chinese: string, english: string) {
    super(`${chinese}\n${english}`);
    this.reason = reason;
  }
}
