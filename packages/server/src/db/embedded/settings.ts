/** Settings of the server by their PostgreSQL names. */
export type ServerSettings = Readonly<Record<string, string>>;

/** Durability, privacy and what the launcher relies on: nobody overrides these. */
const fixed: ServerSettings = {
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  // Recovering in place, 18.4 can miss the death of a child and hang for ever with a postmaster that looks alive (seen
  // under kill -9 of backends). Off, it exits, and the supervisor starts a whole new server.
  restart_after_crash: 'off',
  logging_collector: 'off',
  log_destination: 'stderr',
  unix_socket_permissions: '0700',
  // Row values stay out of the log. The text of an ERROR may quote them ("invalid input syntax … "), and its caller is
  // told anyway: `log` ranks above `error` here, and keeps starts, crashes and fatal errors.
  log_min_messages: 'log',
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_statement: 'none',
};

/** For a laptop or a small server with two cores; a caller may override them. */
const tuning: ServerSettings = {
  shared_buffers: '128MB',
  // Segments are used again up to this size; commits wait whenever a new one is made.
  min_wal_size: '256MB',
  max_connections: '50',
  huge_pages: 'off',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
};

/** Arguments of `postgres`. Given there, they rank above postgresql.conf and ALTER SYSTEM. */
export function serverArguments(given: {
  cluster: string;
  clusterName: string;
  socketFolder: string;
  port: number;
  /** Address to listen on besides the socket, or '' for none. */
  listenAddress: string;
  settings: ServerSettings;
}): string[] {
  const all: ServerSettings = {
    ...tuning,
    ...given.settings,
    ...fixed,
    cluster_name: given.clusterName,
    listen_addresses: given.listenAddress,
    unix_socket_directories: quoteListItem(given.socketFolder),
    port: String(given.port),
  };
  return ['-D', given.cluster, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** The setting is a list: a folder with a comma or a space in its name must be quoted. */
function quoteListItem(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}
