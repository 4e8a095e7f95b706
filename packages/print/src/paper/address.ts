import { halfWidth } from './masking.ts';

const hiddenRest = '***';
const arabic = '(?:[A-Za-z]?\\d+[A-Za-z]?\\d*|[A-Za-z](?![A-Za-z]))';
const chinese = '[一二三四五六七八九十百零〇○两]+';
const numberToken = new RegExp(
  `负?(?:${arabic}(?:\\s*[-—–‐~/#.]\\s*(?:${arabic}|\\*))*|${chinese}\\d*)`,
  'gu',
);

/** A number with one of these behind it says which way, estate or building: it may be shown. */
const wayAfter =
  /^\s*(?:号?(?:线|路|大街|大道|街|公路|国道|省道|县道|环|桥|地块|码头)|号[门口]|弄|巷|胡同|条|期|区|公里|千米|[kK][mM]|村(?!组)|里(?!面))/u;
const buildingAfter = /^\s*(?:号(?:楼|院|栋|幢|大院|库|仓|厂房)|号?[栋幢座](?!位)|#楼)/u;
const houseAfter = /^\s*(?:附?号|[#＃])(?![房室铺柜])/u;
/** A number with one of these behind it is, or may be, the unit, floor or room. */
const roomAfter =
  /^\s*(?:单元|單元|层|層|楼|樓|室|房|户|戶|梯|组|組|队|隊|社|铺|鋪|档|柜|工位|卡位|门(?=\s*[\d一二三四五六七八九十]|\s*$)|号[房室铺柜]|[fF](?![A-Za-z]))/u;
/** Names such as 798艺术区 or 四户镇 hold a number that is no room. */
const placeAfter =
  /^[\p{Script=Han}]{0,2}?(?:艺术区|园区|街区|社区|小区|产业园|公园|广场|大厦|中心|市场|小学|中学|医院|酒店|路|街|大道|镇|乡|村|屯|庄|堡|峡|县)/u;
/** Rooms told without a number before them. */
const namedRoom =
  /[A-Za-z甲乙丙丁戊东西南北中左右]?(?:单元|單元)|地下室|阁楼|传达室|门卫|[东西南北]屋|(?<![A-Za-z])(?:room|rm|apt|apartment|unit|flat|suite|floor)(?![A-Za-z])/iu;

/**
 * Hides an address from its unit, floor or room to the end: …3号楼2单元501室 → …3号楼***, A座15层 → A座***,
 * 5-2-1203 → 5-***, 河东村3组 → 河东村***. Without any of them the last number goes with all that follows it, and without
 * any number the last name: nobody is found by what is left. In addresses in Latin letters every number goes.
 * Full-width digits and letters come back half-width; a postcode in front is dropped.
 */
export function maskAddress(address: string): string {
  const text = halfWidth(address)
    .trim()
    .replace(/^\d{6}(?=\s|\p{Script=Han})\s*/u, '');
  if (!/\p{Script=Han}/u.test(text)) return maskLatinAddress(text);
  return text.slice(0, hiddenFrom(text)).trimEnd() + hiddenRest;
}

function hiddenFrom(text: string): number {
  const named = namedRoom.exec(text)?.index ?? text.length;
  const hidden = text.indexOf(hiddenRest);
  const numbered = firstRoomNumber(text);
  const room = Math.min(named, numbered.room, hidden < 0 ? text.length : hidden);
  return room < text.length ? room : (numbered.last ?? lastNameFrom(text));
}

/** Reads the numbers from the left; `room` is where the first one begins that may not be shown. */
function firstRoomNumber(text: string): { room: number; last: number | undefined } {
  let isPastBuilding = false;
  let last: number | undefined;
  for (const { 0: token, index } of text.matchAll(numberToken)) {
    const rest = text.slice(index + token.length);
    const isChinese = new RegExp(`^负?${chinese}$`, 'u').test(token);
    const joint = /[-—–‐~/#.]/u.exec(token);
    if (joint !== null) return { room: isPastBuilding ? index : index + joint.index + 1, last };
    if (buildingAfter.test(rest)) isPastBuilding = true;
    else if (!isPastBuilding && wayAfter.test(rest)) last = index;
    else if (!isPastBuilding && houseAfter.test(rest)) isPastBuilding = true;
    else if (isPastBuilding && /^\s*[期区]/u.test(rest)) last = index;
    else if (!isPastBuilding && isPartOfPlace(text.slice(0, index), rest, isChinese)) continue;
    else if (roomAfter.test(rest) || isPastBuilding || !isChinese) return { room: index, last };
    else continue;
    last = index;
  }
  return { room: text.length, last };
}

/** 四户镇 and 五楼村 are places, and so is 798艺术区 right behind a road or district; 2单元… is a unit whatever follows. */
function isPartOfPlace(before: string, rest: string, isChinese: boolean): boolean {
  if (!placeAfter.test(rest)) return false;
  if (roomAfter.test(rest)) return isChinese && /^[户楼层房队社]\p{Script=Han}?[镇乡村屯庄堡]/u.test(rest);
  return isChinese || /(?:^|[省市区县旗州镇乡村路街道巷])$/u.test(before);
}

/** Where the part after the last village, town, road or district begins; at worst half of the text. */
function lastNameFrom(text: string): number {
  const ends = [...text.matchAll(/[省市区县旗州镇乡村路街道巷里园苑庄]/gu)].map(({ index }) => index + 1);
  const lastShown = ends.findLast((end) => end < text.length);
  return lastShown ?? halfOf(text);
}

function maskLatinAddress(text: string): string {
  const masked = text
    .replaceAll(
      /\b(room|rm|apt|apartment|unit|flat|suite|ste|floor|fl|no)\b\.?\s*#?\s*[\w*-]+/giu,
      '$1 ' + hiddenRest,
    )
    .replaceAll(/[^\s,;()]*\p{N}[^\s,;()]*/gu, hiddenRest);
  return masked.includes(hiddenRest) ? masked : masked.slice(0, halfOf(masked)).trimEnd() + hiddenRest;
}

function halfOf(text: string): number {
  const characters = [...text];
  return characters.slice(0, Math.floor(characters.length / 2)).join('').length;
}
