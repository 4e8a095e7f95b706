import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * `npm run build -w @cardwright/top [-- FOLDER]`: makes `dist/`, a package ready for `npm publish packages/top/dist`.
 * In the repository the sources run as they are; published code is JavaScript with declarations.
 */
const here = import.meta.dirname;
const out = resolve(process.argv[2] ?? join(here, 'dist'));
rmSync(out, { recursive: true, force: true });
const tsc = join(here, '../../node_modules/typescript/bin/tsc');
execFileSync(process.execPath, [tsc, '-p', join(here, 'tsconfig.build.json'), '--outDir', join(out, 'lib')], {
  stdio: 'inherit',
});

const { scripts: _scripts, ...manifest } = JSON.parse(
  readFileSync(join(here, 'package.json'), 'utf8'),
) as Record<string, unknown>;
const entry = { '.': { types: './lib/index.d.ts', default: './lib/index.js' } };
writeFileSync(join(out, 'package.json'), `${JSON.stringify({ ...manifest, exports: entry }, null, 2)}\n`);
copyFileSync(join(here, 'README.md'), join(out, 'README.md'));
copyFileSync(join(here, '../../LICENSE'), join(out, 'LICENSE'));
