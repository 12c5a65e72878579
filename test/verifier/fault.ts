/** A fault that the verifier must find. */
import type { Plant } from './plant.ts';

export interface Fault {
  /** What the chart does wrong. */
  readonly title: string;
  readonly plant: Plant;
  /** The property that names it best. */
  readonly found: string;
  /** The end of that property's shortest counterexample: the last delivery, and where it leads. For a chart, what is said of it. */
  readonly where: string;
  /** All other properties that it breaks. */
  readonly also: readonly string[];
}
