/** An id a command was given, for the refusal when it belongs to another account. */
export interface Target {
  readonly prefix: 'lot' | 'hold';
  readonly text: string;
  readonly tag: string;
}
