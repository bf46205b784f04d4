/** The engines with a server and a client before them. */
import { overHttp } from '../helpers/served.ts';
import { ENGINES, type Engine } from './engines.ts';

export const SERVED_ENGINES: readonly Engine[] = ENGINES.map(({ name, make }) => ({
  name: `${name} over HTTP`,
  isRemote: true,
  make: async (options) => overHttp(await make(options)),
}));
