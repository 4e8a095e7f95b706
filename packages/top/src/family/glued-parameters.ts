/**
 * Names of the protocol, each with the shape that its value begins with. Where one of them is missing and stands,
 * name and value joined, inside the value of a parameter that sorts before it, somebody moved it there: the
 * digest is the same, the meaning is not.
 */
const shapes: readonly (readonly [name: string, valueStart: string])[] = [
  ['app_key', '\\d'],
  ['card_name', ''],
  ['card_order_id', '\\d'],
  ['card_product_infos', '\\s*\\['],
  ['customerId', ''],
  ['format', '(?:json|xml)'],
  ['is_test', '(?:true|false)'],
  ['logistics_info', '\\s*\\{'],
  ['method', 'alibaba\\.'],
  ['own_sign', '(?:daily|pre|online)'],
  ['par_value', '\\d'],
  ['partner_id', ''],
  ['picture_url', 'http'],
  ['request', '\\s*\\{'],
  ['session', ''],
  ['sign_method', '(?:md5|hmac)'],
  ['simplify', '(?:true|false)'],
  ['target_app_key', '\\d'],
  ['template_no', ''],
  ['timestamp', '\\d{4}-'],
  ['v', '\\d\\.\\d'],
];

/** Every parameter name that means something in this family. */
export const protocolNames: ReadonlySet<string> = new Set(shapes.map(([name]) => name));

const patterns = shapes.map(([name, valueStart]) => [name, new RegExp(name + valueStart)] as const);

/** Names whose values are JSON text: a glued neighbour makes them unreadable, and they are long. */
const jsonNames: ReadonlySet<string> = new Set(['card_product_infos', 'logistics_info', 'request']);

/** The name of the parameter that holds a glued neighbour, or undefined. */
export function findGluedParameter(fields: ReadonlyMap<string, string>): string | undefined {
  const missing = patterns.filter(([name]) => !fields.has(name));
  for (const [name, value] of fields) {
    if (jsonNames.has(name)) continue;
    const text = name + value;
    for (const [missingName, pattern] of missing) {
      if (missingName > name && pattern.test(text)) return name;
    }
  }
  return undefined;
}
