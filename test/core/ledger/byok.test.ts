import { test } from 'vitest';
import { expectPage } from '../../helpers/pages.ts';

test('an own key pays before any balance check, on an empty account and in debt', () => {
  expectPage(`
    byok   add anthropic
    spend  sonnet 1000/1000               -> byok, list 18
    hold   h1 sonnet 1000/1000            -> no entries
    settle h1 1000/500                    -> byok, list 10.5
    lot    promotional 1
    hold   h2 1
    settle h2 21                          -> spent promotional 1; debt 20
    spend  sonnet 1000/1000               -> byok, list 18
    hold   h3 sonnet 1000/1000            -> no entries
    release h3                            -> no entries
    spend  4o 1/0                         -> refused in_debt
    spend  sonnet 1/0 no-byok             -> refused in_debt
    hold   h4 sonnet 1/0 no-byok          -> refused in_debt
    see                                   -> available 0; reserved 0; owes 20
  `);
});

test('only calls of that provider, and not with --no-byok', () => {
  expectPage(`
    lot    promotional 100
    byok   add anthropic
    spend  4o 1000/0                      -> spent promotional 2.5
    spend  sonnet 1000/0 no-byok          -> spent promotional 3
    spend  sonnet 1000/0                  -> byok, list 3
    byok   remove anthropic
    spend  sonnet 1000/0                  -> spent promotional 3
    spend  5                              -> spent promotional 5
  `);
});

test('a hold keeps the choice it was made with, and its rate', () => {
  expectPage(`
    lot    promotional 100
    hold   h1 sonnet 1000/1000            -> held promotional 18
    byok   add anthropic
    hold   h2 sonnet 1000/1000            -> no entries
    hold   h3 sonnet 1000/1000 no-byok    -> held promotional 18
    rate   claude-sonnet-4 300/300
    settle h1 1000/500                    -> spent promotional 10.5; released promotional 7.5
    byok   remove anthropic
    settle h2 1000/500                    -> byok, list 10.5
    settle h3 1000/1000                   -> spent promotional 18
  `);
});

test('settled by an amount: the amount is the list price', () => {
  expectPage(`
    byok   add anthropic
    hold   h1 sonnet 1000/1000
    settle h1 5                           -> byok, list 5
  `);
});

test('late on the own key: recorded, once, for nothing', () => {
  expectPage(`
    byok   add anthropic
    hold   h1 sonnet 1000/1000
    at     +10m
    see    h1                             -> lapsed
    settle h1 1000/500                    -> swept: lapsed h1 | late; byok, list 10.5
    settle h1 1000/500                    -> refused hold_already_resolved: settled
  `);
});

test('a settle cannot choose another payer than its hold', () => {
  expectPage(`
    lot    promotional 100
    hold   h0 sonnet 1000/1000            -> held promotional 18
    byok   add anthropic
    hold   h1 sonnet 1000/1000            -> no entries
    hold   h2 5                           -> held promotional 5
    settle h1 1000/500 no-byok            -> refused invalid_argument
    settle h1 1000/500                    -> byok, list 10.5
    settle h0 1000/500 no-byok            -> spent promotional 10.5; released promotional 7.5
    settle h2 haiku 1000/1000 no-byok     -> spent promotional 1.5; released promotional 3.5
  `);
});

test('such a call needs no price', () => {
  expectPage(`
    rate   claude-haiku unpriced
    byok   add anthropic
    spend  haiku 10/10                    -> byok, list unknown
    spend  opus 10/10                     -> refused unknown_model
    spend  opus 10/10 provider anthropic  -> byok, list unknown
    spend  opus 10/10 provider Anthropic  -> byok, list unknown
    spend  opus 10/10 provider openai     -> refused unknown_model
    spend  opus 10/10 provider anthropic no-byok -> refused unknown_model
    spend  haiku 10/10 no-byok            -> refused unpriced_model
    hold   h1 opus 10/10 provider anthropic -> no entries
    settle h1 5/5                         -> byok, list unknown
  `);
});

test('openrouter/… is the provider openrouter, whoever the author is', () => {
  expectPage(`
    byok   add anthropic
    spend  openrouter/anthropic/opus 1/1  -> refused unknown_model
    spend  openrouter/anthropic/opus 1/1 provider anthropic -> refused unknown_model
    byok   add openrouter
    spend  openrouter/anthropic/opus 1/1  -> byok, list unknown
    byok   remove anthropic
    spend  openrouter/anthropic/opus 1/1  -> byok, list unknown
  `);
});

test('cached tokens are part of the input also where nothing is priced', () => {
  expectPage(`
    byok   add anthropic
    spend  sonnet 10/0 cached 11          -> refused invalid_argument
    spend  opus 10/0 cached 11 provider anthropic -> refused invalid_argument
    spend  opus 10/0 cached 6 written 5 provider anthropic -> refused invalid_argument
    hold   h1 opus 10/0 cached 11 provider anthropic -> refused invalid_argument
    hold   h1 opus 10/0 provider anthropic -> no entries
    settle h1 10/0 cached 11              -> refused invalid_argument
  `);
});

test('a hold by amount is priced at its settle: by the account’s keys then, at the rate of its own time', () => {
  expectPage(`
    lot    promotional 100
    hold   h1 20                          -> held promotional 20
    hold   h2 20                          -> held promotional 20
    rate   claude-sonnet-4 300/300 from +1m
    at     +2m
    settle h1 sonnet 1000/1000            -> spent promotional 18; released promotional 2
    byok   add anthropic
    settle h2 sonnet 1000/1000            -> released promotional 20; byok, list 18
  `);
});
