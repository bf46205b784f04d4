/**
 * Counters of one server process as Prometheus text. No account, token or amount is in them.
 * Source: Prometheus text exposition format 0.0.4.
 */

/** Upper ends of the buckets of an answer's time, seconds. */
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

interface Timing {
  readonly buckets: number[];
  sum: number;
  count: number;
}

/** What is measured at the moment of asking. */
export interface Gauges {
  readonly residentBytes: number;
  /** 99th percentile since the last look, seconds. */
  readonly loopLagSeconds: number;
  readonly ready: boolean;
}

const label = (text: string): string => text.replace(/[\\"\n]/g, '_');

export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #timings = new Map<string, Timing>();
  readonly #events = new Map<string, number>();
  inFlight = 0;

  /** @param seconds from the first byte of the request's head to the answer's last */
  answered(route: string, method: string, status: number, seconds: number): void {
    const key = `method="${label(method)}",route="${label(route)}",status="${status}"`;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
    let timing = this.#timings.get(route);
    if (timing === undefined) {
      timing = { buckets: BUCKETS.map(() => 0), sum: 0, count: 0 };
      this.#timings.set(route, timing);
    }
    const place = BUCKETS.findIndex((end) => seconds <= end);
    if (place >= 0) timing.buckets[place]! += 1;
    timing.sum += seconds;
    timing.count += 1;
  }

  /** Counts something of the server's own work. */
  happened(event: string, times = 1): void {
    this.#events.set(event, (this.#events.get(event) ?? 0) + times);
  }

  /** The page. */
  text(gauges: Gauges): string {
    const lines = [
      '# HELP credits_http_requests_total Requests that were answered.',
      '# TYPE credits_http_requests_total counter',
      ...[...this.#requests].map(([key, value]) => `credits_http_requests_total{${key}} ${value}`),
      '# HELP credits_http_request_seconds Time to the answer.',
      '# TYPE credits_http_request_seconds histogram',
      ...[...this.#timings].flatMap(([route, timing]) => timingLines(route, timing)),
      '# HELP credits_http_in_flight Requests that are being answered.',
      '# TYPE credits_http_in_flight gauge',
      `credits_http_in_flight ${this.inFlight}`,
      '# HELP credits_server_events_total Work of the server itself, such as sweeps.',
      '# TYPE credits_server_events_total counter',
      ...[...this.#events].map(
        ([event, value]) => `credits_server_events_total{event="${label(event)}"} ${value}`,
      ),
      '# HELP credits_ready 1 when requests are taken.',
      '# TYPE credits_ready gauge',
      `credits_ready ${gauges.ready ? 1 : 0}`,
      '# HELP process_resident_memory_bytes Resident memory.',
      '# TYPE process_resident_memory_bytes gauge',
      `process_resident_memory_bytes ${gauges.residentBytes}`,
      '# HELP credits_event_loop_lag_seconds 99th percentile since the last look.',
      '# TYPE credits_event_loop_lag_seconds gauge',
      `credits_event_loop_lag_seconds ${gauges.loopLagSeconds}`,
    ];
    return `${lines.join('\n')}\n`;
  }
}

function timingLines(route: string, { buckets, sum, count }: Timing): string[] {
  let below = 0;
  const own = `route="${label(route)}"`;
  return [
    ...buckets.map((value, index) => {
      below += value;
      return `credits_http_request_seconds_bucket{${own},le="${BUCKETS[index]}"} ${below}`;
    }),
    `credits_http_request_seconds_bucket{${own},le="+Inf"} ${count}`,
    `credits_http_request_seconds_sum{${own}} ${sum}`,
    `credits_http_request_seconds_count{${own}} ${count}`,
  ];
}
