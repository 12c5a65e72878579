/** Actors in the protocol of Stately's inspector: stored history and live transitions. */
export { createInspector } from './inspect.ts';
export type { Inspector, InspectorPorts, Selection } from './inspect.ts';
export type { InspectionEvent } from './inspection-events.ts';
