/** What happens in the states of a machine, and how its versions differ. */
import { type Static, Type } from '@sinclair/typebox';
import { Instant } from '../../services/schemas.ts';
import { Change, Count, Ms, Nullable, OneOf, Share, strict, Text } from './parts.ts';

export const MachineParams = Type.Object({ id: Type.String({ maxLength: 100 }) });

export const MachineState = Type.Object({
  version: Text,
  state: Type.String({ description: 'Path of a leaf' }),
  actors: Type.Integer({ minimum: 0, description: 'Unfinished ones that stand there now' }),
  parked: Type.Integer({ minimum: 0, description: 'Of those' }),
  /** In the sample: how often it was left, and how long it was stayed in. */
  visits: Count,
  dwell_ms: Type.Object({ p50: Nullable(Ms), p95: Nullable(Ms), max: Nullable(Ms) }),
  /** `meta.expectedMs` of the state or its nearest parent that has one. */
  expected_ms: Nullable(Ms),
  outcomes: Type.Object({ done: Count, refused: Count, failed: Count, unknown: Count }),
  /** Failed and unknown among all outcomes; null without any. */
  error_rate: Nullable(Share),
});
export const MachineStates = Type.Object({
  id: Text,
  /** Who is on which; also versions that this build does not have. */
  versions: Type.Array(
    Type.Object({
      version: Text,
      structure_hash: Nullable(Text),
      is_registered: Type.Boolean(),
      is_newest: Type.Boolean(),
      unfinished: Count,
    }),
  ),
  states: Type.Array(MachineState),
  /** Dwell and outcomes are of the actors that ended last. */
  sample: Type.Object({ actors: Count, transitions: Count, from: Nullable(Instant), to: Nullable(Instant) }),
});

export const VerdictQuery = Type.Object({ version: Type.Optional(Type.String({ maxLength: 100 })) }, strict);
/** Answered 202 with `pending` while the verifier is at it, in a thread of its own. */
export const Verdict = Type.Object({
  machine: Text,
  version: Text,
  state: OneOf(['pending', 'proven', 'broken', 'cut_off', 'failed']),
  /** Absent while pending. */
  verdict: Type.Optional(
    Type.Object({
      states: Count,
      situations: Count,
      edges: Count,
      transitions: Type.Object({ declared: Count, taken: Count }),
      properties: Type.Array(Type.Object({ name: Text, promise: Text, holds: Type.Boolean() })),
      findings: Type.Array(Type.Object({ property: Text, promise: Text, message: Text, path: Type.Array(Text) })),
      elapsed_ms: Ms,
    }),
  ),
});

export const DifferenceQuery = Type.Object(
  { from: Type.String({ maxLength: 100 }), to: Type.String({ maxLength: 100 }) },
  strict,
);
const StateChange = Type.Object({
  path: Text,
  change: OneOf(['added', 'removed', 'changed']),
  /** What of a changed state differs, by JSON Pointer. */
  changes: Type.Array(Change),
});
const TransitionChange = Type.Object({
  id: Type.String({ description: '`<source>: <event in short>`' }),
  source: Text,
  event: Text,
  change: OneOf(['added', 'removed', 'changed']),
  changes: Type.Array(Change),
});
export const Difference = Type.Object({
  id: Text,
  from: Text,
  to: Text,
  is_same_structure: Type.Boolean(),
  states: Type.Array(StateChange),
  transitions: Type.Array(TransitionChange),
  /** Whether actors of `from` can be taken to `to`. */
  has_migration: Type.Boolean(),
});

export type MachineState = Static<typeof MachineState>;
export type MachineStates = Static<typeof MachineStates>;
export type Verdict = Static<typeof Verdict>;
export type Difference = Static<typeof Difference>;
