/**
 * exp, ln and the normal quantile from additions, multiplications, divisions and square roots alone, which IEEE 754 fixes
 * to the last bit. `Math.exp`, `Math.log` and `Math.cos` are left to the engine, and a simulation built on them could
 * change its bytes with the Node version. Not fast: tables are filled with them, hot loops are not.
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const INVERSE_LN2 = 1.4426950408889634;

/** 2^k for an integer k, by repeated squaring: exact while the result is a normal double. */
function powerOfTwo(k: number): number {
  let result = 1;
  let factor = k < 0 ? 0.5 : 2;
  for (let left = k < 0 ? -k : k; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= factor;
    factor *= factor;
  }
  return result;
}

/**
 * e^x, within 2 units of the last place; 0 below −700, Infinity above 709.
 * Source: reduction to |r| ≤ ln 2 / 2 in two parts of ln 2, then the Taylor series to r^14 (remainder below 2^-57).
 */
export function exp(x: number): number {
  if (x < -700) return 0;
  if (x > 709) return Number.POSITIVE_INFINITY;
  const k = Math.floor(x * INVERSE_LN2 + 0.5);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let n = 14; n > 0; n--) sum = 1 + (r * sum) / n;
  return sum * powerOfTwo(k);
}

/**
 * Natural logarithm of a positive, finite number, within 2 units of the last place (in absolute terms near 1).
 * Source: x = m × 2^k with m in [√½, √2), then ln m = 2 artanh((m − 1) / (m + 1)) as a series.
 */
export function ln(x: number): number {
  let k = 0;
  let m = x;
  for (; m >= Math.SQRT2; k++) m /= 2;
  for (; m < Math.SQRT1_2; k--) m *= 2;
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum = 0;
  for (let n = 25; n > 0; n -= 2) sum = 1 / n + square * sum;
  return k * LN2_HIGH + (2 * s * sum + k * LN2_LOW);
}

const CENTRAL = {
  above: [
    3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125,
    45921.953931549871457, 67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
  ],
  below: [
    1, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867,
    39307.895800092710610, 28729.085735721942674, 5226.4952788528545610,
  ],
} as const;
const MIDDLE = {
  above: [
    1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504,
    1.27045825245236838258, 0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4,
  ],
  below: [
    1, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590,
    0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9,
  ],
} as const;
const FAR = {
  above: [
    6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230,
    0.0265321895265761230930, 0.00124266094738807843860, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
  ],
  below: [
    1, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525,
    7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
    2.04426310338993978564e-15,
  ],
} as const;

function ratio({ above, below }: { above: readonly number[]; below: readonly number[] }, r: number): number {
  let top = 0;
  let bottom = 0;
  for (let n = 7; n >= 0; n--) {
    top = top * r + above[n]!;
    bottom = bottom * r + below[n]!;
  }
  return top / bottom;
}

/**
 * The number of standard deviations below which a standard normal value lies with chance p; 0 < p < 1. About 16 digits.
 * Source: M. J. Wichura, algorithm AS 241 (PPND16), Applied Statistics 37 (1988).
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (q >= -0.425 && q <= 0.425) return q * ratio(CENTRAL, 0.180625 - q * q);
  const r = Math.sqrt(-ln(q < 0 ? p : 1 - p));
  const z = r <= 5 ? ratio(MIDDLE, r - 1.6) : ratio(FAR, r - 5);
  return q < 0 ? -z : z;
}
