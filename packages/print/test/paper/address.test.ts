import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maskAddress } from '../../src/paper/address.ts';
import { halfWidth } from '../../src/paper/masking.ts';

const cases: readonly (readonly [string, string])[] = [
  ['北京市朝阳区望京街道阜通东大街6号院3号楼2单元501室', '北京市朝阳区望京街道阜通东大街6号院3号楼***'],
  ['浙江省杭州市西湖区文三路478号华星时代广场A座15层', '浙江省杭州市西湖区文三路478号华星时代广场A座***'],
  ['沈阳市铁西区建设中路5-2-1203', '沈阳市铁西区建设中路5-***'],
  ['上海市浦东新区1234弄56号501', '上海市浦东新区1234弄56号***'],
  ['上海市浦东新区张杨路１２３４弄５６号５０１室', '上海市浦东新区张杨路1234弄56号***'],
  ['深圳市南山区科技园南区8栋B座1203', '深圳市南山区科技园南区8栋B座***'],
  ['朝阳公园西路9号院2#楼3单元1101', '朝阳公园西路9号院2#楼***'],
  ['保利花园二期3座12A', '保利花园二期3座***'],
  ['光明小区甲单元二层', '光明小区***'],
  ['三栋五零二', '三栋***'],
  ['3栋501号', '3栋***'],
  ['样板花园501靠近中山路12号', '样板花园***'],
  ['中山路12号地下室', '中山路12号***'],
  ['浙江省杭州市余杭区河东村3组', '浙江省杭州市余杭区河东村***'],
  ['四户镇三组', '四户镇***'],
  ['台州市三门县三层村五楼村二组15号', '台州市三门县三层村五楼村***'],
  ['三门峡市湖滨区五一路12号3栋502', '三门峡市湖滨区五一路12号3栋***'],
  ['北京市朝阳区酒仙桥路798艺术区5号楼302', '北京市朝阳区酒仙桥路798艺术区5号楼***'],
  ['北京市海淀区学院路30号', '北京市海淀区学院路***'],
  ['四川省凉山州昭觉县支尔莫乡阿土列尔村', '四川省凉山州昭觉县支尔莫乡***'],
  ['310000 浙江省杭州市文三路1号2单元', '浙江省杭州市文三路1号***'],
  ['Room 501, Building 3, 478 Wensan Rd', 'Room ***, Building ***, *** Wensan Rd'],
  ['Flat B, Rose Court', 'Flat ***, Rose Court'],
  ['村', '***'],
];

test('addresses end before unit, floor or room', () => {
  for (const [address, masked] of cases) {
    assert.equal(maskAddress(address), masked, address);
    assert.equal(maskAddress(masked), masked, `${address}, masked twice`);
  }
});

const area = fc.constantFrom(
  '浙江省杭州市西湖区',
  '上海市浦东新区',
  '三门峡市湖滨区',
  '内蒙古自治区呼和浩特市赛罕区',
  '广东省东莞市虎门镇',
  '',
);
const way = fc.constantFrom(
  '文三路478号',
  '中山北一路12号',
  '张杨路1234弄56号',
  '建国门外大街甲3号',
  '五一大道',
  '人民路123号附5号',
  'G104国道12公里处',
  '',
);
const estate = fc.constantFrom('样板花园', '阳光100小区', '八一小区', '华星时代广场', '一号公馆', '');
const building = fc.constantFrom(
  '3号楼',
  '12栋',
  '三幢',
  'B座',
  '2#楼',
  '5号院3号楼',
  '1号',
  'A区6栋',
  '二期3座',
  '8号楼C座',
  '十二号楼',
);
const room = fc.constantFrom(
  '2单元501室',
  '二单元501',
  '501室',
  '1203',
  '501号房',
  '15层',
  '十五楼',
  'B1层',
  '东单元302',
  '负一层',
  'A1203',
  '1203A室',
  '5F',
  '501-1',
  'Room 501',
  '地下室',
  '阁楼',
  '五零一',
  '二〇一室',
  '12A03',
  '2门301',
  '二门301',
  '3梯402',
  '2-1203',
  '501户',
  '18F-03',
  '8层808',
  '501#',
  '6号铺',
  '501号',
);
const tail = fc.constantFrom(
  '',
  '（放门卫）',
  ' 张三收',
  '菜鸟驿站',
  '靠近中山路12号',
  '，电话联系',
  '王家小区',
);
const someAddress = fc
  .tuple(area, way, estate, building, fc.constantFrom('', ' ', '，'), room, tail, fc.boolean())
  .map(([areaText, wayText, estateText, buildingText, gap, roomText, tailText, isWide]) => {
    const upToRoom = areaText + wayText + estateText + buildingText + gap;
    const text = upToRoom + roomText + tailText;
    const wide = text.replaceAll(/[0-9A-Za-z#-]/gu, (sign) =>
      String.fromCodePoint(sign.codePointAt(0)! + 0xfee0),
    );
    return { text: isWide ? wide : text, upToRoom };
  });

test('whatever the address, nothing of its unit, floor or room is shown, nor what follows', () => {
  fc.assert(
    fc.property(someAddress, ({ text, upToRoom }) => {
      const masked = maskAddress(text);
      assert.ok(masked.endsWith('***'));
      const shown = masked.slice(0, -3);
      assert.ok(halfWidth(text).startsWith(shown), 'what is shown is the beginning');
      assert.ok(shown.length <= upToRoom.length, `${text} as ${masked}`);
      assert.equal(maskAddress(masked), masked);
    }),
    { numRuns: 5_000 },
  );
});

test('any text at all is masked', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      const masked = maskAddress(text);
      assert.ok(masked.includes('***') && masked.isWellFormed());
      assert.ok(text === '' || text.includes('*') || !masked.includes(text));
    }),
    { numRuns: 2_000 },
  );
});
