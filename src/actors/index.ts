/** Durable XState actors on a transactional store. Start with `createActorSystem`; see docs/architecture.md. */
export { createActorSystem } from './system.ts';
export type { ActorSystem, ActorView, Applied, NotApplied, SystemDefinition, SystemLimits } from './system.ts';
export { dryStart, dryStep } from './dry-run.ts';
export type { DryStep } from './dry-run.ts';
export { checkFence } from './fence.ts';
export type { Cause } from './interpret.ts';
export { operate, operationCompanionName, retryEvent } from './operate.ts';
export type { Operation } from './operate.ts';
export { jsonDifference } from './what-if/json-difference.ts';
export type { JsonChange } from './what-if/json-difference.ts';
export { forkOf, preview, wouldApply } from './what-if/preview.ts';
export type { Fork, Preview } from './what-if/preview.ts';
export { rebuild } from './what-if/rebuild.ts';
export { simulate } from './what-if/simulate.ts';
export { possibleInputs } from './what-if/simulation.ts';
export type {
  LikelyAnswers,
  NamedTimer,
  Possible,
  SimulatedStep,
  SimulatedTransition,
  Simulation,
  SimulationOptions,
  Standing,
} from './what-if/simulation.ts';
export { readWhatIfs } from './what-if/what-if.ts';
export type { ReadWhatIf, ReadWhatIfs, WhatIf } from './what-if/what-if.ts';
export { versionsOf } from './log-versions.ts';
export { migrate } from './migrate.ts';
export type { Fate, Migrated, MigrationProblem } from './migrate.ts';
export { migrationPaths } from './migration.ts';
export type { FindMigration, Migration, MigrationPath } from './migration.ts';
export type { VisitEnd } from './visit.ts';
export { effectKey } from './steps.ts';
export type { CompanionCall } from './steps.ts';
export { undosOf } from './undos.ts';
export type { Undos } from './undos.ts';
export { versionGate } from './version-gate.ts';
export type { VersionGate, Versions } from './version-gate.ts';
export { migrationOfEvent } from './logged-migration.ts';
export { replay } from './replay.ts';
export { atSpan, effectSpanId, traceAfter, transitionSpanId } from './trace-context.ts';
export { functionMark } from './plain-json.ts';
export { actorMachine } from './xstate/actor-machine.ts';
export type { ActorMachine, LiveState, MachineStep, TracedStep } from './xstate/actor-machine.ts';
export type { ChartState, ChartTransition } from './xstate/chart.ts';
export { initEvent, outcomeOfEvent, settledEvent, uncertainEvent } from './xstate/events.ts';
export { delayOf } from './xstate/keys.ts';
export { activeLeaves, pathOf } from './xstate/state-paths.ts';
export * from './ports.ts';
