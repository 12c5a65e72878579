/** The layout engine in a worker of its own: a chart takes it some 100 ms, which are not the page's. */
import ELK from 'elkjs/lib/elk-api.js';
import workerUrl from 'elkjs/lib/elk-worker.min.js?url';
import type { ChartGraph } from './graph.ts';
import { type ChartLayout, elkGraphOf, placesOf } from './layout.ts';

let engine: InstanceType<typeof ELK> | undefined;

/** Loads the engine ahead: its worker is 1.6 MB of code. */
export function warmUp(): void {
  engine ??= new ELK({ workerUrl });
}

/** @throws what the engine throws for a graph that it cannot lay out */
export async function layOut(graph: ChartGraph): Promise<ChartLayout> {
  engine ??= new ELK({ workerUrl });
  return placesOf(await engine.layout(elkGraphOf(graph)));
}
