/** Suites by cost: unit (pure), int (a real Postgres), e2e (real processes), long (minutes; not part of npm test). */
import { defineConfig } from 'vitest/config';

const needsPostgres = {
  globalSetup: ['test/support/global-postgres.ts'],
  hookTimeout: 60_000,
  teardownTimeout: 30_000,
};

export default defineConfig({
  test: {
    // Ends with the counts of all projects.
    reporters: ['default'],
    projects: [
      // Some explore thousands of situations, on a machine that may be busy.
      { test: { name: 'unit', include: ['test/**/*.unit.test.ts'], testTimeout: 60_000, sequence: { groupOrder: 0 } } },
      {
        test: {
          ...needsPostgres,
          name: 'int',
          include: ['test/**/*.int.test.ts'],
          testTimeout: 90_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...needsPostgres,
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          testTimeout: 180_000,
          // They time processes and kill them: nothing may run beside them.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...needsPostgres,
          name: 'long',
          include: ['test/**/*.long.test.ts'],
          testTimeout: 600_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
