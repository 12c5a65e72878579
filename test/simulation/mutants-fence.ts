/** Planted in leases, tokens and calls. */
import { inActors, type Mutant } from './mutant.ts';

const fenced =
  "{ ...again, observations: [{ type: 'outcome-fenced', ...seen(row), effectId: step.effectId, token: step.token }] }";

export const fenceMutants: readonly Mutant[] = [
  {
    fault: 'no token in the fence',
    edits: [
      inActors(
        'fence',
        "return effect.token === token ? { type: 'current', effect } : { type: 'fenced' };",
        "return { type: 'current', effect };",
      ),
    ],
    found: { by: 'G6', within: 50 },
  },
  {
    fault: 'no effect id in the fence',
    edits: [
      inActors(
        'fence',
        'const effect = row.effects.find(({ id }) => id === effectId);',
        "const effect = row.effects.find(({ invoke }) => invoke === effectId.split('@')[0]);",
      ),
    ],
    found: {
      project: 'int',
      file: 'test/actors/remote-effects.int.test.ts',
      title: 'of an earlier attempt is stale for the next one, which has an id of its own',
    },
  },
  {
    fault: 'a claim keeps its token',
    edits: [
      inActors('fence', 'claims: effect.claims + 1,\n    token: effect.token + 1,', 'claims: effect.claims + 1,'),
    ],
    found: { by: 'G6', within: 10 },
  },
  {
    fault: 'claims under a live lease',
    edits: [inActors('decide', 'row.effects.find((pending) => !isLeased(pending, context.nowMs))', 'row.effects[0]')],
    found: { by: 'G6', within: 10 },
  },
  {
    fault: 'an outcome that comes after its lease is dropped',
    edits: [
      inActors(
        'decide',
        '  const { effect } = verdict;\n  const { outcome } = step;',
        `  const { effect } = verdict;\n  if (!isLeased(effect, context.nowMs)) return ${fenced};\n  const { outcome } = step;`,
      ),
    ],
    found: { by: 'G6', within: 50 },
  },
  {
    fault: 'claims without limit',
    edits: [inActors('decide', 'effect.claims < maxClaims', 'effect.claims < 1_000')],
    found: { by: 'G6', within: 50 },
  },
  {
    fault: 'the lease ends before the call does',
    edits: [inActors('fence', 'effect.timeoutMs + options.marginMs', 'effect.timeoutMs / 100')],
    found: { by: 'G6', within: 50 },
  },
  {
    fault: 'a call is begun however late its claim was answered',
    edits: [inActors('visit', 'if (leftMs < effect.timeoutMs) return', 'if (leftMs < -Infinity) return')],
    found: { by: 'G6', within: 500 },
  },
  {
    fault: 'the lease is judged by the clock of the process',
    edits: [
      inActors(
        'visit',
        'effect.timeoutMs + ports.leaseMarginMs - (ports.process.monotonicMs() - claimed.sentAtMs)',
        '(effect.lease?.untilMs ?? 0) - ports.process.monotonicMs()',
      ),
    ],
    found: { by: 'L2', within: 50 },
  },
  {
    fault: 'the attempt is part of the key',
    edits: [
      inActors(
        'visit',
        'const key = effectKey(actorId, effect.src);',
        'const key = `${effectKey(actorId, effect.src)}:${effect.id}`;',
      ),
    ],
    found: { by: 'M2', within: 10 },
  },
  {
    fault: 'a timeout is taken for a refusal',
    edits: [
      inActors(
        'visit',
        "return { type: 'unknown', code: 'timeout', message: `no answer within ${effect.timeoutMs} ms` };",
        "return { type: 'refused', value: { code: 'payment_declined', declineCode: 'timeout', expiredCents: 0, short: [] } };",
      ),
    ],
    found: { by: 'M3', within: 10 },
  },
];
