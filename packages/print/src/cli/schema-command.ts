import { readFileSync } from 'node:fs';
import { Argument, type Command } from 'commander';
import { type PaperKind, paperSchemas } from '../paper/schema.ts';

const shipped = ['layout', 'press', 'perso'] as const;

export function addSchemaCommand(program: Command): void {
  program
    .command('schema')
    .description('JSON Schema · print the schema of a file, for editors and checks')
    .addArgument(new Argument('<of>', '文件种类 which').choices([...shipped, ...Object.keys(paperSchemas)]))
    .action((of: string) => {
      process.stdout.write(
        shipped.some((name) => name === of) ? shippedSchema(of) : paperSchema(of as PaperKind),
      );
    });
}

const shippedSchema = (name: string): string =>
  readFileSync(new URL(`../../schema/${name}-1.json`, import.meta.url), 'utf8');

const paperSchema = (kind: PaperKind): string =>
  `${JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', title: kind, ...paperSchemas[kind] }, null, 2)}\n`;
