import { test } from 'vitest';
import { expectPage } from '../../helpers/pages.ts';

test('what does not fit is refused whole; what fits exactly is spent', () => {
  expectPage(`
    lot    monthly     100  until day 30
    lot    purchased   500
    hold   h1          150                -> held monthly 100, purchased 50
    settle h1          120                -> spent monthly 100, purchased 20; released purchased 30
    spend              481                -> refused insufficient_credits: needed 481, available 480
    hold   h2          481                -> refused insufficient_credits: needed 481, available 480
    see                                   -> available 480; reserved 0; owes 0
    spend              480                -> spent purchased 480; available 0
    spend              0.000001           -> refused insufficient_credits: needed 0.000001, available 0
  `);
});

test('open holds are counted: a spend sees only what they leave', () => {
  expectPage(`
    lot    promotional 10
    hold   h1          6
    see                                   -> available 4; reserved 6
    spend              5                  -> refused insufficient_credits: needed 5, available 4
    spend              4                  -> spent promotional 4
    spend              0.000001           -> refused insufficient_credits: needed 0.000001, available 0
  `);
});

test('of 50 holds of 1 on a balance of 10 exactly 10 succeed', () => {
  const steps = Array.from({ length: 50 }, (_, index) =>
    index < 10
      ? `hold h${index} 1 -> held promotional 1`
      : `hold h${index} 1 -> refused insufficient_credits: needed 1, available 0`,
  );
  expectPage(`lot promotional 10\n${steps.join('\n')}\nsee -> available 0; reserved 10`);
});

test('a bare amount of 0 is refused, a priced call that costs nothing is booked', () => {
  expectPage(`
    lot    promotional 10
    spend  0                              -> refused invalid_argument
    hold   h1 0                           -> refused invalid_argument
    spend  nothing                        -> refused invalid_argument
    grant  promotional 0                  -> refused invalid_argument
    grant  purchased   0                  -> refused invalid_argument
    spend  sonnet 0/0                     -> no entries
    hold   h1 sonnet 0/0                  -> no entries
    settle h1 0                           -> no entries
    see    h1                             -> settled
    see                                   -> available 10
  `);
});

test('an amount beside a call is refused, whichever was meant', () => {
  expectPage(`
    lot    promotional 10
    spend  both 1 haiku 1000/0            -> refused invalid_argument
    hold   h1 both 1 haiku 1000/0         -> refused invalid_argument
    hold   h1 1
    settle h1 both 1 haiku 1000/0         -> refused invalid_argument
    see    h1                             -> open
  `);
});

test('a call costs its tokens at the rate of its own time', () => {
  expectPage(`
    at     day 5
    lot    promotional 100
    rate   claude-haiku 1/2 from day 3
    rate   claude-haiku 10/20 from day 7
    spend  haiku 1200/300                 -> spent promotional 1.8
    spend  haiku 1200/300 at day 3 -1ms   -> spent promotional 0.675
    spend  haiku 1200/300 at day 3        -> spent promotional 1.8
    at     day 7 -1ms
    spend  haiku 1200/300                 -> spent promotional 1.8
    hold   h1 haiku 1200/300              -> held promotional 1.8
    at     day 7
    spend  haiku 1200/300                 -> spent promotional 18
    settle h1 1200/300                    -> spent promotional 1.8
    spend  haiku 1200/300 at +1ms         -> refused invalid_argument
  `);
});

test('a new rate does not change what was booked', () => {
  expectPage(`
    lot    promotional 100
    spend  haiku 1000/0                   -> spent promotional 0.25
    rate   claude-haiku 3/3 from day -1
    see    promotional                    -> granted 100, available 99.75, spent 0.25; ends never
    spend  haiku 1000/0                   -> spent promotional 3
  `);
});

test('cost is exact and rounded up once per call', () => {
  expectPage(`
    lot    promotional 1
    rate   claude-haiku 0.0005/0.0005
    spend  haiku 1/1                      -> spent promotional 0.000001
    spend  haiku 1/0                      -> spent promotional 0.000001
    spend  haiku 3/0                      -> spent promotional 0.000002
    rate   claude-haiku 0.0833333333333333333/0
    spend  haiku 1/0                      -> spent promotional 0.000084
    spend  haiku 3/0                      -> spent promotional 0.00025
    spend  haiku 1000/0                   -> spent promotional 0.083334
  `);
});

test('an unknown model, or one without a price, is an error and never free', () => {
  expectPage(`
    lot    promotional 100
    rate   gpt-4o unpriced from day 2
    spend  opus 10/10                     -> refused unknown_model
    hold   h1 opus 10/10                  -> refused unknown_model
    spend  claude-sonnet-4-5 10/10        -> refused unknown_model
    spend  4o 10/10                       -> spent promotional 0.125
    at     day 2
    spend  4o 10/10                       -> refused unpriced_model
    hold   h1 4o 10/10                    -> refused unpriced_model
    spend  4o 10/10 at day 2 -1ms         -> spent promotional 0.125
    spend  sonnet 10/0 cached 11          -> refused invalid_argument
    spend  sonnet 10/0 provider openai    -> refused invalid_argument
  `);
});

test('a refusal comes in a fixed order: closed, malformed, unknown, in debt, too little', () => {
  expectPage(`
    lot    promotional 10
    hold   h1 10
    settle h1 11                          -> spent promotional 10; debt 1
    spend  0                              -> refused invalid_argument
    spend  opus 1/1                       -> refused unknown_model
    spend  1000                           -> refused in_debt
    hold   h2 1000                        -> refused in_debt
    close
    spend  0                              -> refused account_closed
    hold   h2 0                           -> refused account_closed
  `);
});
