/** All properties that a machine is verified for. */
import { chartProperties } from './chart-properties.ts';
import { eventProperties } from './event-properties.ts';
import type { Property } from './property.ts';
import { sagaProperties } from './saga-properties.ts';
import { waitingProperties } from './waiting-properties.ts';

/** What is wrong first; what is dead, often because of it, last. */
export const properties: readonly Property[] = [
  ...eventProperties,
  ...sagaProperties,
  ...waitingProperties,
  ...chartProperties,
];
