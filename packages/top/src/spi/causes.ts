import type { SpiRefusal } from './request.ts';

/**
 * Why a request was refused, in words that say what to do next. `{about}` is the parameter, charset, style or label
 * of the secret that the finding is about. Codes are stable.
 */
export const spiCauses = {
  'sign-missing': {
    zh: '查询串里没有 sign。检查调用方是否把签名放进了 URL,以及中间代理是否丢弃了查询参数。',
    en: 'The query has no sign. Check that the caller puts it into the URL and that no proxy drops query parameters.',
  },
  'sign-in-body': {
    zh: 'sign 在{about}里;它只能放在 URL 的查询串里。请调用方把 sign 移到查询串。',
    en: 'The sign is in the {about}; it counts in the query of the URL only. Have the caller move it there.',
  },
  'sign-lowercase': {
    zh: 'sign 含小写字母;协议要求大写十六进制。请调用方转成大写。',
    en: 'The sign is in lower case; the protocol wants upper-case hexadecimal. Have the caller upper-case it.',
  },
  'sign-white-space': {
    zh: 'sign 前后有空白字符。请调用方去掉后再拼进 URL。',
    en: 'The sign has white space around it. Have the caller strip it before putting it into the URL.',
  },
  'sign-malformed': {
    zh: 'sign 不是 32 位十六进制。检查它是否被截断、重复编码或用了别的算法。',
    en: 'The sign is not 32 hexadecimal digits. Check whether it was cut, encoded twice, or made by another algorithm.',
  },
  'sign-method': {
    zh: '签名用了 {about};奇门/SPI 回调无论 sign_method 写什么都用 MD5。请调用方改用 MD5。',
    en: 'The sign was made with {about}; SPI calls use MD5 whatever sign_method says. Have the caller use MD5.',
  },
  'secret-white-space': {
    zh: '密钥({about})首尾多了或少了空白字符。重新复制 App Secret,去掉空格和换行。',
    en: 'White space at the ends of the secret ({about}) differs. Copy the app secret again, without spaces or line breaks.',
  },
  'other-secret': {
    zh: '签名用的是「{about}」的密钥。检查回调地址是否配到了别的环境,或密钥是否填错了环境。',
    en: 'The sign was made with the secret of "{about}". Check that the address and the secret belong to one environment.',
  },
  charset: {
    zh: '签名时的字符集与报文不一致({about})。让 Content-Type 的 charset、报文编码和签名编码三者相同。',
    en: 'The digest was taken in another charset than the bytes sent ({about}). Use one charset for Content-Type, body and digest.',
  },
  'bad-bytes': {
    zh: '报文里有所声明字符集不认识的字节,签名方把它们当成了「?」或替代字符。检查 charset 声明,或去掉该字符集写不出的字。',
    en: 'There are bytes that the declared charset does not know; the signer read them as "?" or replacement characters. Check the charset label, or avoid characters that it cannot carry.',
  },
  'body-not-signed': {
    zh: '签名漏掉了请求体。JSON、XML 和纯文本的原始请求体要接在参数后面一起签名。',
    en: 'The body was left out of the digest. The raw body of JSON, XML and plain text follows the parameters.',
  },
  'form-not-signed': {
    zh: '签名漏掉了表单字段。表单字段要与查询参数一起排序签名。',
    en: 'The form fields were left out of the digest. They are sorted and signed together with the query.',
  },
  'form-body-signed': {
    zh: '签名把表单的原始请求体也接上了。表单只签解码后的字段,不签原始请求体。',
    en: 'The raw form body was added to the digest. Of a form only the decoded fields are signed.',
  },
  'body-white-space': {
    zh: '请求体首尾的空白或换行在签名后被改动({about})。从收到的原始字节验签,发送前不要再 trim。',
    en: 'White space at the ends of the body changed after signing ({about}). Sign and send the same bytes; do not trim.',
  },
  'body-bom': {
    zh: '请求体开头的 BOM 在签名后被加上或去掉。发送不带 BOM 的内容。',
    en: 'A byte order mark was added to or removed from the body after signing. Send without one.',
  },
  'body-line-ends': {
    zh: '请求体的换行符在签名后被转换({about})。以二进制方式发送请求体。',
    en: 'The line ends of the body were converted after signing ({about}). Send the body as binary.',
  },
  'body-reserialised': {
    zh: '内容在签名后被重新序列化(签名时的样式:{about})。对真正发送的文本签名,不要先解析再输出。',
    en: 'The content was serialised anew after signing (signed as: {about}). Sign the very text that is sent.',
  },
  'values-trimmed': {
    zh: '参数值首尾的空白在签名前后不一致。不要对参数值做 trim。',
    en: 'White space at the ends of parameter values differs between digest and request. Do not trim values.',
  },
  'plus-as-space': {
    zh: '「+」与空格混淆({about})。空格编码为 + 或 %20,字面的加号必须编码为 %2B。',
    en: 'Plus signs and spaces are mixed up ({about}). Encode a space as + or %20, and a literal plus as %2B.',
  },
  'signed-encoded': {
    zh: '签名用的是 URL 编码之后的值({about})。先对原始值签名,再编码。',
    en: 'The encoded values were signed ({about}). Sign the plain values, then encode them.',
  },
  'encoded-twice': {
    zh: '值被 URL 编码了两次({about})。检查客户端或代理是否重复编码。',
    en: 'The values are percent-encoded twice ({about}). Check whether client or proxy encodes again.',
  },
  'raw-equals': {
    zh: '查询串的值里有未编码的「=」,官方 Java 程序会丢掉它。把值里的 = 编码为 %3D。',
    en: 'A query value holds a raw "=", which the official Java code loses. Encode it as %3D.',
  },
  'signed-headers-ignored': {
    zh: '签名漏掉了 top-sign-list 里列出的请求头。把它们并入参数一起签名,或不发送该请求头。',
    en: 'The headers named in top-sign-list were left out of the digest. Sign them with the parameters, or send no list.',
  },
  'signed-header-form': {
    zh: 'top-sign-list 里的请求头签名方式不对({about})。名字按列表中的写法,值先做 URL 解码。',
    en: 'The headers of top-sign-list were signed in another form ({about}). Use the spelling of the list and the URL-decoded value.',
  },
  'empty-skipped': {
    zh: '签名跳过了空值参数(API 的规则)。SPI 的空值参数也要签名:只拼参数名。',
    en: 'Parameters without a value were left out of the digest (the rule of API calls). In SPI calls their names are signed.',
  },
  'parameter-not-signed': {
    zh: '参数 {about} 不在签名里,多半是签名之后由代理或网关加上的。去掉它,或让它参与签名。',
    en: 'Parameter {about} is not in the digest; a proxy probably added it after signing. Remove it or sign it.',
  },
  'duplicate-parameter': {
    zh: '同名参数出现了多次(查询串、表单和签名请求头合在一起算)。每个名字只发一次。',
    en: 'A name is given more than once, counting query, form and signed headers together. Send each name once.',
  },
  'bad-escape': {
    zh: '有不合法的百分号转义,多半是「%」没有编码成 %25,或已被代理解码过一次。',
    en: 'There is a bad percent escape: probably a "%" that was not encoded as %25, or a proxy that already decoded.',
  },
  'not-acceptable': {
    zh: '请求在验签之前就被拒绝,原因见 reason 和 detail。按协议修正请求的形式。',
    en: 'The request was refused before its signature counted; see reason and detail. Correct the form of the request.',
  },
  'other-content': {
    zh: '各种已知原因都对不上:内容在签名之后被改动,或密钥不同。对照上面的待签文本与调用方的待签文本。',
    en: 'No known cause fits: the content was changed after signing, or the secret is another one. Compare the text above with the text that the caller signed.',
  },
} as const satisfies Record<string, { zh: string; en: string }>;

export type SpiCauseCode = keyof typeof spiCauses;

export interface SpiCause {
  readonly code: SpiCauseCode;
  readonly zh: string;
  readonly en: string;
  /** `certain`: undoing the mistake gave the presented sign. The others are guesses from looks. */
  readonly confidence: 'certain' | 'likely' | 'possible';
}

/** Fills the sentence of a code. */
export function cause(code: SpiCauseCode, confidence: SpiCause['confidence'], about = ''): SpiCause {
  const { zh, en } = spiCauses[code];
  const fill = (sentence: string) => sentence.replace('{about}', () => about);
  return { code, zh: fill(zh), en: fill(en), confidence };
}

/** The cause that a refusal by itself stands for. */
export function causeOfRefusal(reason: SpiRefusal): SpiCause {
  const own = reason === 'duplicate-parameter' || reason === 'bad-escape' || reason === 'bad-bytes';
  return cause(own ? reason : 'not-acceptable', 'certain');
}
