/**
 * The JSON document of an answer that need not fit into memory: its own fields, then a list that is written as it is made.
 * Nothing is written before the first row: what fails until then is an answer of its own.
 */

/**
 * @param fields what stands before the list; at least one
 * @param list the list's name
 * @param rows JSON of some rows each, commas between them; `''` where there are none
 */
export async function* listDocument(
  fields: object,
  list: string,
  rows: AsyncIterable<string>,
): AsyncGenerator<string> {
  const head = `${JSON.stringify(fields).slice(0, -1)},${JSON.stringify(list)}:[`;
  let before = head;
  for await (const some of rows) {
    if (some === '') continue;
    yield before + some;
    before = ',';
  }
  yield before === head ? `${head}]}\n` : ']}\n';
}
