// SPDX-License-Identifier: GPL-2.0-only
import { useMemo } from 'preact/hooks';
import { Caveats } from '../machine/caveats.tsx';
import { mmuOf } from '../machine/mmu.ts';
import { NoMachine } from '../machine/no-machine.tsx';
import { otherMachineOf } from '../state/other-machine.ts';
import type { ViewProps } from '../state/view-props.ts';
import { ComparedBuilds } from './compared-builds.tsx';
import { ComparedMachines } from './compared-machines.tsx';
import { ComparedReadings } from './compared-readings.tsx';
import { OtherMachinePanel } from './other-machine-panel.tsx';

/** The entry in hand in several contexts; two machines side by side: what they make of one request, what they decided. */
export function CompareView({ computed, state, change }: ViewProps) {
  const { machine, other } = state;
  const second = useMemo(() => mmuOf(otherMachineOf(machine, other)), [machine, other]);
  return (
    <section class="view" aria-labelledby="compare-title">
      <h2 id="compare-title" class="visually-hidden">
        Compare two machines
      </h2>
      {computed.ok && <Caveats mmu={computed.value} />}
      <OtherMachinePanel computed={second} state={state} change={change} />
      {!computed.ok && <NoMachine name="A" errors={computed.errors} />}
      {!second.ok && <NoMachine name="B" errors={second.errors} />}
      {computed.ok && (
        <ComparedReadings a={computed.value} b={second.ok ? second.value : null} state={state} />
      )}
      {computed.ok && second.ok && (
        <>
          <ComparedBuilds a={computed.value} b={second.value} state={state} change={change} />
          <ComparedMachines a={computed.value} b={second.value} />
        </>
      )}
    </section>
  );
}
