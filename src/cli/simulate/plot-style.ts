/** How a plot is drawn in the terminal of a command. */
import type { Context } from '../context.ts';
import { glyphsFor } from '../render/plot.ts';
import type { PlotStyle } from '../render/simulation-plot.ts';

export const plotStyle = ({ env, paint, terminal }: Context): PlotStyle => ({
  glyphs: glyphsFor(env),
  paint,
  columns: terminal.columns,
});
