import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { elementSchema, layoutSchema } from './schema.ts';

/** The JSON schema of layouts, version 1, as editors take it: `schema/layout-1.json`. */
export function layoutJsonSchema(): object {
  const elements = { ...layoutSchema.properties.front, items: { $ref: '#/definitions/element' } };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Card layout 卡片版式, version 1',
    description:
      "Millimetres from the trim's top left corner, y downwards; elements from the lowest up. {field} in a value stands for the record's field.",
    ...layoutSchema,
    properties: { ...layoutSchema.properties, front: elements, back: elements },
    definitions: { element: elementSchema },
  };
}

const schemaFile = fileURLToPath(new URL('../../schema/layout-1.json', import.meta.url));

/** `node packages/print/src/layout/json-schema.ts` writes the file anew. */
if (import.meta.main) writeFileSync(schemaFile, `${JSON.stringify(layoutJsonSchema(), null, 2)}\n`);
