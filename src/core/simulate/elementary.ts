/**
 * exp, ln and the normal quantile from additions, multiplications, divisions and square roots alone, which IEEE 754 fixes
 * to the last bit. `Math.exp`, `Math.log` and `Math.cos` are left to the engine, and a simulation built on them could
 * change its bytes with the Node version. Not fast: tables are filled with them, hot loops are not.
 */

const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** 2^k for k from −1022 to 1023. */
const POWERS = new Float64Array(2046);
POWERS[1022] = 1;
for (let k = 1; k <= 1023; k++) POWERS[1022 + k] = 2 * POWERS[1021 + k]!;
for (let k = 1; k <= 1022; k++) POWERS[1022 - k] = POWERS[1023 - k]! / 2;

/** 1 / n! for n from 0 to 14. */
const TAYLOR = new Float64Array(15).fill(1);
for (let n = 1; n < 15; n++) TAYLOR[n] = TAYLOR[n - 1]! / n;

/**
 * e^x, within 2 units of the last place; 0 below −700, Infinity above 709.
 * Source: reduction to |r| ≤ ln 2 / 2 in two parts of ln 2, then the Taylor series to r^14 (remainder below 2^-57).
 */
export function exp(x: number): number {
  if (x < -700) return 0;
  if (x > 709) return Number.POSITIVE_INFINITY;
  const k = Math.floor(x * Math.LOG2E + 0.5);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = TAYLOR[14]!;
  for (let n = 13; n >= 0; n--) sum = TAYLOR[n]! + r * sum;
  return sum * POWERS[1022 + k]!;
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
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987,
    67265.7709270087, 33430.57558358813, 2509.0809287301227,
  ],
  below: [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271,
    28729.085735721943, 5226.495278852854,
  ],
} as const;
const MIDDLE = {
  above: [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684,
    0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  below: [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
    0.0005475938084995345, 1.0507500716444169e-9,
  ],
} as const;
const FAR = {
  above: [
    6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
    0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
  ],
  below: [
    1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133,
    1.8463183175100548e-5, 1.421511758316446e-7, 2.0442631033899397e-15,
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
