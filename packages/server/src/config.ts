import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { type Dialect, type Environment, environments, publishedDialect } from '@cardwright/top';

/** One platform environment that this maker serves: daily (日常), pre (预发) or online (线上). */
export interface EnvironmentConfig {
  readonly name: Environment;
  readonly appKey: string;
  /** One or two active secrets: both verify, so that a secret can be changed without a pause. */
  readonly appSecrets: readonly string[];
  /** The TOP gateway that we call. */
  readonly gateway: string;
  readonly dialect: Dialect;
  /** How far the sender's clock may be off, both ways. */
  readonly clockWindowMs: number;
  /** Addresses (CIDR) that may call; empty = any. */
  readonly sourceAllowList: readonly string[];
  /** Sub codes by which the platform says that it was told before; `*` stands for anything. */
  readonly alreadyDoneCodes: readonly string[];
  /** How queries by card numbers are signed; without a key file, not at all. */
  readonly querySigning: QuerySigning;
}

/** The platform publishes "RSA-2048" and neither padding nor digest nor encoding: the joint test (联调) shows them. */
export interface QuerySigning {
  /** A private key in PEM. */
  readonly keyFile: string | undefined;
  readonly padding: 'pkcs1' | 'pss';
  readonly digest: 'sha256' | 'sha1' | 'sha512';
  readonly encoding: 'base64' | 'hex';
}

/** What a serving process does; `all` is a gateway with one worker process beside it. */
export const roles = ['gateway', 'worker', 'all'] as const;
export type Role = (typeof roles)[number];

export interface Config {
  readonly role: Role;
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly vaultKey: string | undefined;
  readonly vaultKeyFile: string;
  /** Base64 of the seed of the audit log's signing key; or a file. */
  readonly auditKey: string | undefined;
  readonly auditKeyFile: string;
  /** How long after the end of an order its secrets are kept. */
  readonly secretRetentionDays: number;
  readonly trustedProxies: readonly string[];
  readonly logLevel: string;
  readonly environments: readonly EnvironmentConfig[];
}

/** A setting that can't be used: its name, where it came from and what to do. Shown to a person, never a stack. */
export class ConfigError extends Error {}

export interface ConfigSources {
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What the command line says; wins over everything. */
  readonly flags?: {
    readonly port?: string | undefined;
    readonly host?: string | undefined;
    readonly data?: string | undefined;
    readonly role?: string | undefined;
  };
}

type Json = Record<string, unknown>;
interface Setting {
  readonly value: unknown;
  readonly source: string;
}

/** Reads flags, environment variables and the config file, in that order of strength. Throws ConfigError. */
export function loadConfig(sources: ConfigSources): Config {
  const file = sources.file === undefined ? {} : readConfigFile(sources.file);
  refuseUnknownKeys(file, knownKeys, sources.file ?? '');
  const find = (key: string, flag?: string): Setting => {
    if (flag !== undefined) return { value: flag, source: `--${key === 'dataDir' ? 'data' : key}` };
    const variable = `CARDWRIGHT_${snakeUpper(key)}`;
    const fromEnv = sources.env[variable] ?? (key === 'databaseUrl' ? sources.env.DATABASE_URL : undefined);
    if (fromEnv !== undefined && fromEnv !== '') return { value: fromEnv, source: variable };
    return { value: file[key], source: `${key} in ${sources.file ?? 'the config file'}` };
  };
  const dataDir = resolve(textOf(find('dataDir', sources.flags?.data), './data'));
  return {
    role: choiceOf(find('role', sources.flags?.role), roles, 'all'),
    host: textOf(find('host', sources.flags?.host), '127.0.0.1'),
    port: integerOf(find('port', sources.flags?.port), 7001, 0, 65_535),
    dataDir,
    databaseUrl: optionalText(find('databaseUrl')),
    vaultKey: optionalText(find('vaultKey')),
    vaultKeyFile: resolve(textOf(find('vaultKeyFile'), `${dataDir}/vault.key`)),
    auditKey: optionalText(find('auditKey')),
    auditKeyFile: resolve(textOf(find('auditKeyFile'), `${dataDir}/audit.key`)),
    secretRetentionDays: integerOf(find('secretRetentionDays'), 30, 0, 3_650),
    trustedProxies: listOf(find('trustedProxies')).map((entry) => checkCidr(entry, 'trustedProxies')),
    logLevel: choiceOf(
      find('logLevel'),
      ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
      'info',
    ),
    environments: loadEnvironments(file, sources),
  };
}

const knownKeys = [
  '$schema',
  'role',
  'host',
  'port',
  'dataDir',
  'databaseUrl',
  'vaultKey',
  'vaultKeyFile',
  'auditKey',
  'auditKeyFile',
  'secretRetentionDays',
  'trustedProxies',
  'logLevel',
  'environments',
];
const knownEnvironmentKeys = [
  'appKey',
  'appSecrets',
  'gateway',
  'answerNames',
  'answerBooleans',
  'clockWindowSeconds',
  'sourceAllowList',
  'alreadyDoneCodes',
  'queryKeyFile',
  'queryPadding',
  'queryDigest',
  'queryEncoding',
];

function loadEnvironments(file: Json, sources: ConfigSources): readonly EnvironmentConfig[] {
  const section = file.environments ?? {};
  if (!isObject(section)) throw new ConfigError(`environments in ${sources.file}: an object was expected`);
  refuseUnknownKeys(section, environments, `environments in ${sources.file}`);
  const result: EnvironmentConfig[] = [];
  for (const name of environments) {
    const own = section[name];
    if (own !== undefined && !isObject(own))
      throw new ConfigError(`environments.${name} in ${sources.file}: an object was expected`);
    const prefix = `CARDWRIGHT_${name.toUpperCase()}_`;
    const mentioned = own !== undefined || Object.keys(sources.env).some((key) => key.startsWith(prefix));
    if (mentioned) result.push(loadEnvironment(name, own ?? {}, prefix, sources));
  }
  return result;
}

function loadEnvironment(
  name: Environment,
  own: Json,
  prefix: string,
  sources: ConfigSources,
): EnvironmentConfig {
  const where = `environments.${name}`;
  refuseUnknownKeys(own, knownEnvironmentKeys, `${where} in ${sources.file}`);
  const find = (key: string): Setting => {
    const fromEnv = sources.env[prefix + snakeUpper(key)];
    if (fromEnv !== undefined && fromEnv !== '') return { value: fromEnv, source: prefix + snakeUpper(key) };
    return {
      value: own[key],
      source: `${where}.${key}${sources.file === undefined ? '' : ` in ${sources.file}`}`,
    };
  };
  const secrets = find('appSecrets');
  const appSecrets = listOf(secrets);
  if (appSecrets.length < 1 || appSecrets.length > 2) {
    throw new ConfigError(
      `${secrets.source}: one or two secrets are needed (两个仅用于轮换), there are ${appSecrets.length}`,
    );
  }
  if (appSecrets.some((secret) => secret.trim() !== secret)) {
    throw new ConfigError(
      `${secrets.source}: a secret begins or ends with white space; copy it again without`,
    );
  }
  return {
    name,
    appKey: requiredText(find('appKey')),
    appSecrets,
    gateway: urlOf(find('gateway'), 'https://eco.taobao.com/router/rest'),
    dialect: {
      ...publishedDialect,
      names: choiceOf(find('answerNames'), ['snake', 'camel'] as const, 'snake'),
      booleans: choiceOf(find('answerBooleans'), ['boolean', 'text'] as const, 'boolean'),
    },
    clockWindowMs: integerOf(find('clockWindowSeconds'), 600, 1, 86_400) * 1000,
    sourceAllowList: listOf(find('sourceAllowList')).map((entry) =>
      checkCidr(entry, `${where}.sourceAllowList`),
    ),
    alreadyDoneCodes: listOf(find('alreadyDoneCodes'), ['isv.*already*']),
    querySigning: {
      keyFile: optionalPath(find('queryKeyFile')),
      padding: choiceOf(find('queryPadding'), ['pkcs1', 'pss'] as const, 'pkcs1'),
      digest: choiceOf(find('queryDigest'), ['sha256', 'sha1', 'sha512'] as const, 'sha256'),
      encoding: choiceOf(find('queryEncoding'), ['base64', 'hex'] as const, 'base64'),
    },
  };
}

function readConfigFile(path: string): Json {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`--config ${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // The parser's message quotes the text, which holds secrets.
  }
  throw new ConfigError(`--config ${path}: this is not a JSON object`);
}

function refuseUnknownKeys(object: Json, known: readonly string[], where: string): void {
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw new ConfigError(`${where}: unknown setting "${unknown}"; known are ${known.join(', ')}`);
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const snakeUpper = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

function optionalText({ value, source }: Setting): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'string' || value === '') throw new ConfigError(`${source}: a text was expected`);
  return value;
}

const textOf = (setting: Setting, fallback: string): string => optionalText(setting) ?? fallback;

function optionalPath(setting: Setting): string | undefined {
  const path = optionalText(setting);
  return path === undefined ? undefined : resolve(path);
}

function requiredText(setting: Setting): string {
  const value = optionalText(setting);
  if (value === undefined) throw new ConfigError(`${setting.source}: missing, it has no default`);
  return value;
}

function integerOf({ value, source }: Setting, fallback: number, min: number, max: number): number {
  if (value === undefined) return fallback;
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (!Number.isInteger(number) || (number as number) < min || (number as number) > max) {
    throw new ConfigError(`${source}: a whole number from ${min} to ${max} was expected`);
  }
  return number as number;
}

/** A JSON list of texts, or a text with commas (environment variables). */
function listOf({ value, source }: Setting, fallback: readonly string[] = []): readonly string[] {
  if (value === undefined) return fallback;
  const entries: unknown[] =
    typeof value === 'string' ? value.split(',') : Array.isArray(value) ? value : [undefined];
  if (entries.some((entry) => typeof entry !== 'string' || entry === '')) {
    throw new ConfigError(`${source}: a list of texts was expected`);
  }
  return entries as string[];
}

function choiceOf<const T extends string>({ value, source }: Setting, options: readonly T[], fallback: T): T {
  if (value === undefined) return fallback;
  const chosen = options.find((option) => option === value);
  if (chosen === undefined) throw new ConfigError(`${source}: one of ${options.join(', ')} was expected`);
  return chosen;
}

function urlOf(setting: Setting, fallback: string): string {
  const text = textOf(setting, fallback);
  if (!URL.canParse(text) || !/^https?:/.test(text))
    throw new ConfigError(`${setting.source}: an http(s) address was expected`);
  return text;
}

function checkCidr(entry: string, where: string): string {
  const [address = '', bits] = entry.split('/');
  const version = isIP(address);
  if (
    version === 0 ||
    (bits !== undefined && (!/^\d+$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)))
  ) {
    throw new ConfigError(`${where}: "${entry}" is not an address or CIDR range`);
  }
  return entry;
}
