/** The verifier finds nothing where nothing is wrong. */
import { describe, expect, it } from 'vitest';
import { harmlessChanges } from './harmless-changes.ts';
import { copyOf } from './plant.ts';
import { noticeSoil, orderSoil, verdictOnCopy, verdictWith } from './planted-faults.ts';

describe('the verifier minds nothing', () => {
  it.each([orderSoil, noticeSoil])('in an unchanged copy of $machine.id', (soil) => {
    const { findings, isProven } = verdictOnCopy(copyOf(soil.machine), soil);
    expect({ findings, isProven }).toEqual({ findings: [], isProven: true });
  });

  it.each([...harmlessChanges])('when $title', ({ plant, environment }) => {
    const soil = environment ? { ...orderSoil, environment: environment(orderSoil.environment) } : orderSoil;
    const { findings, isProven } = verdictWith(plant, soil);
    expect({ findings, isProven }).toEqual({ findings: [], isProven: true });
  });
});
