/** Planted in the commit, and in what stores it. */
import { edit, inActors, type Mutant } from './mutant.ts';

export const commitMutants: readonly Mutant[] = [
  {
    fault: 'a lost COMMIT is taken for done',
    edits: [
      inActors('group-commit', 'if (await lookUp(ports, commitId, steps)) return error.batch;', 'return error.batch;'),
    ],
    found: { by: 'G6', within: 200 },
  },
  {
    fault: 'a lost COMMIT is never looked up',
    edits: [inActors('group-commit', 'if (await lookUp(ports, commitId, steps)) return error.batch;', '')],
    found: {
      project: 'unit',
      file: 'test/actors/group-commit.unit.test.ts',
      title: 'that had committed is answered from what the batch had worked out',
    },
  },
  {
    fault: 'an event is applied to the actor as it was, not as it is locked',
    edits: [
      inActors(
        'commit-batch',
        'export async function commitBatch',
        'const before = new Map();\nexport async function commitBatch',
      ),
      inActors(
        'commit-batch',
        'locked.get(step.actorId) ?? null,',
        `((now) => {
      const old = step.type === 'send' ? before.get(step.actorId) ?? now : now;
      if (now) before.set(step.actorId, now);
      return old;
    })(locked.get(step.actorId) ?? null),`,
      ),
    ],
    found: { by: 'G6', within: 50 },
  },
  {
    fault: 'a revision is left out',
    edits: [
      inActors(
        'interpret',
        'const revision = before.revision + 1;',
        'const revision = before.revision + 1 + (before.revision === 3 ? 1 : 0);',
      ),
    ],
    found: { by: 'G1', within: 10 },
  },
  {
    fault: 'the backoff is drawn anew wherever it is computed',
    // Drawn from a row of numbers of its own, so that the same seeds find it every time.
    edits: [
      edit('src/machines/step.ts', 'export const newStep', 'let drawn = 0;\nexport const newStep'),
      edit('src/machines/step.ts', 'random: error.random,', 'random: (drawn += 0.618) % 1,'),
    ],
    found: { by: 'G3', within: 10 },
  },
  {
    fault: 'a look is passed by although none is to come',
    edits: [inActors('group-commit', "if (step.type === 'advance') looking.delete(step.actorId);", '')],
    found: { by: 'L2', within: 10 },
  },
  {
    fault: 'locks are taken in the order asked for',
    edits: [
      edit(
        'src/persistence/actor-store.ts',
        'order by a.id for no key update of a',
        'order by a.id desc for no key update of a',
      ),
    ],
    found: {
      project: 'int',
      file: 'test/persistence/actor-store.int.test.ts',
      title: 'locks are taken one after the other in key order, whatever the order asked for or stored',
    },
  },
  {
    fault: 'the answer to a key is decided twice',
    edits: [
      edit(
        'src/services/ledger/projection.ts',
        'answer_body = case when e.answer_kind is null then t.answer_body else e.answer_body end,',
        'answer_body = coalesce(t.answer_body, e.answer_body),',
      ),
    ],
    found: {
      project: 'int',
      file: 'test/services/ledger/answers.int.test.ts',
      title: 'a budget is storing when the projection comes: its answer stays, the rest follows the saga',
    },
  },
];
