import { describe, expect, test } from 'vitest';
import { type Kind, kindsOf } from '../../src/tokens/kinds.ts';
import { randomText } from './hostile-texts.ts';

const BASE64 = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'];

const SAMPLES: readonly (readonly [Kind, string])[] = [
  ['english', 'hello'],
  ['english', ''],
  ['english', 'The clerk closes the book at midnight, and what nobody has used by then is gone for good.'],
  ['code', 'const rest = Math.max(0, hold.amount - used);\nif (rest > 0) { release(rest); }\n'],
  ['code', '## Usage\n\n- `credits balance` shows **all** lots\n- [more](help.md#lots)\n'],
  ['json', '{"receipt":"r_1","slices":[{"lot":"l_7","source":"monthly"},{"lot":"l_9","source":"welcome"}]}'],
  [
    'json',
    '2026-03-01T08:15:02Z INFO spend account=team lot=L19\n2026-03-01T08:15:03Z INFO spend account=ops lot=L20\n',
  ],
  ['numbers', '3.14159 2.71828 1.41421 1.73205\n1,12,123,1234\n'],
  ['numbers', '3f2504e0-4f89-41d3-9a0c-0305e82c3301 550e8400-e29b-41d4-a716-446655440000'],
  ['random', randomText(BASE64, 400, 5)],
  [
    'latin',
    'Die Gutschrift verfällt am Ende des Monats, sofern sie nicht vorher verbraucht wurde; Näheres weiß die Kasse.',
  ],
  [
    'latin',
    'il conto scade a fine mese se prima non si spende ogni cosa e poi si ricomincia da capo con calma',
  ],
  ['cyrillic', 'Остаток сгорает в конце месяца, если его не потратили раньше.'],
  ['arabic', 'ينتهي الرصيد في نهاية الشهر إن لم يُصرف قبل ذلك.'],
  ['arabic', 'היתרה פגה בסוף החודש אם לא נוצלה קודם לכן.'],
  ['devanagari', 'शेष राशि महीने के अंत में समाप्त हो जाती है।'],
  ['chinese', '余额如果没有用完，会在月底失效。'],
  ['japanese', '残高は使い切らなければ月末に失効します。'],
  ['korean', '남은 크레딧은 쓰지 않으면 월말에 사라집니다.'],
  ['other', 'Το υπόλοιπο λήγει στο τέλος του μήνα.'],
  ['other', 'Số dư sẽ hết hạn vào cuối tháng nếu chưa được sử dụng.'],
  ['other', '👍🏽 👩‍👩‍👧‍👦 🏳️‍🌈 🙂🙃'],
];

describe('the kind of a text', () => {
  test.each(SAMPLES)('%s: %s', (kind, text) => {
    const shares = kindsOf(text);
    const most = shares.reduce((best, each) => (each.share > best.share ? each : best));
    expect(most.kind).toBe(kind);
    expect(most.share).toBeGreaterThan(0.7);
  });

  test('a mixture is weighed by the tokens its letters take, not by letters', () => {
    // 36 Latin letters are about 8 tokens, 24 Chinese ones about 17.
    const shares = new Map(
      kindsOf(
        `please translate this sentence for me now: ${'余额如果没有用完会在月底失效请问怎么办才好呢'}`,
      ).map((each) => [each.kind, each.share]),
    );
    expect(shares.get('chinese')).toBeGreaterThan(0.55);
    expect(shares.get('english')).toBeGreaterThan(0.25);
    expect([...shares.values()].reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
  });
});
