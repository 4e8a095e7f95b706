/**
 * A signature covers all names and values joined without separators, so one signature fits many cuts of the same
 * text. The text itself does not change with the cut: where it holds the name and the beginning of the value of an
 * optional parameter that the request does not have, that parameter was glued into a neighbour, or its name was cut.
 * (A required parameter that is cut is missing, which the decoders see.)
 */
const optionalParameters: readonly (readonly [name: string, inJoinedText: RegExp])[] = [
  ['customerId', /customerId\w/],
  ['format', /format(?:json|xml)/],
  ['logistics_info', /logistics_info\s*\{/],
  ['partner_id', /partner_id\w/],
  ['picture_url', /picture_urlhttps?:/],
  // A word that addresses may hold too; session keys are long.
  ['session', /session[0-9A-Za-z]{16}/],
  ['sign_method', /sign_method(?:md5|hmac)/],
  ['simplify', /simplify(?:true|false)/],
  ['target_app_key', /target_app_key\d/],
  // Sorts last; elsewhere "v2.0" may well be part of a maker's own address.
  ['v', /v\d\.\d$/],
];

/** The name of an optional parameter that was cut or glued, or undefined. `fields` are all signed parameters. */
export function findGluedParameter(fields: ReadonlyMap<string, string>): string | undefined {
  const missing = optionalParameters.filter(([name]) => !fields.has(name));
  if (missing.length === 0) return undefined;
  const joined = [...fields.keys()]
    .sort()
    .map((name) => name + fields.get(name))
    .join('');
  return missing.find(([, pattern]) => pattern.test(joined))?.[0];
}

/** Every parameter name that means something in this family; none of them may hide in a signed header. */
export const protocolNames: ReadonlySet<string> = new Set([
  ...optionalParameters.map(([name]) => name),
  ...['app_key', 'card_name', 'card_order_id', 'card_product_infos', 'is_test', 'method', 'own_sign'],
  ...['par_value', 'request', 'template_no', 'timestamp'],
]);
