/** Prices a month, as the tests set them up. */
import { missing } from '../refusal.ts';
import type { WirePlan, WirePrice } from '../wire.ts';
import type { World } from '../world.ts';

/** Makes a monthly price. @param cents a month */
export function createPrice(world: World, facts: { id?: string; cents: number; name: string }): WirePrice {
  const product = world.id('prod');
  world.products.set(product, {
    id: product,
    object: 'product',
    active: true,
    created: world.now,
    default_price: null,
    description: null,
    images: [],
    livemode: world.livemode,
    marketing_features: [],
    metadata: {},
    name: facts.name,
    package_dimensions: null,
    shippable: null,
    tax_code: null,
    tax_details: null,
    type: 'service',
    updated: world.now,
    url: null,
  });
  const price: WirePrice = {
    id: facts.id ?? world.id('price'),
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created: world.now,
    currency: 'usd',
    custom_unit_amount: null,
    livemode: world.livemode,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product,
    recurring: {
      interval: 'month',
      interval_count: 1,
      meter: null,
      trial_period_days: null,
      usage_type: 'licensed',
    },
    tax_behavior: 'unspecified',
    tiers_mode: null,
    transform_quantity: null,
    type: 'recurring',
    unit_amount: facts.cents,
    unit_amount_decimal: String(facts.cents),
  };
  world.prices.set(price.id, price);
  return price;
}

/** @throws Refusal 404 */
export function findPrice(world: World, id: string): WirePrice {
  const price = world.prices.get(id);
  if (price === undefined) throw missing('price', id);
  return price;
}

/** The plan that the API still shows beside a price. */
export const planOf = (price: WirePrice): WirePlan => ({
  id: price.id,
  object: 'plan',
  active: true,
  amount: price.unit_amount,
  amount_decimal: price.unit_amount_decimal,
  billing_scheme: 'per_unit',
  created: price.created,
  currency: price.currency,
  interval: 'month',
  interval_count: 1,
  livemode: price.livemode,
  metadata: {},
  meter: null,
  nickname: null,
  product: price.product,
  tiers_mode: null,
  transform_usage: null,
  trial_period_days: null,
  usage_type: 'licensed',
});
