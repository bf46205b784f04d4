/** Makes one fake what another is, by sending it the same requests: ids are given in order. */
import { type FakeStripe, type LogLine, TEST_KEY } from './fake.ts';

export async function replayRequests(fake: FakeStripe, lines: readonly LogLine[]): Promise<void> {
  for (const { method, path, form, key, status } of lines) {
    const isPost = method === 'POST';
    const answer = await fetch(`${fake.url}${path}${isPost || form === '' ? '' : `?${form}`}`, {
      method,
      headers: {
        authorization: `Bearer ${TEST_KEY}`,
        ...(key === null ? {} : { 'idempotency-key': key }),
        ...(isPost ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      ...(isPost ? { body: form } : {}),
    });
    await answer.arrayBuffer();
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} instead of ${status}`);
  }
}
