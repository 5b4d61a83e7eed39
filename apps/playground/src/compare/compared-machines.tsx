// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import { useMemo } from 'preact/hooks';
import { DifferenceTable } from './difference-table.tsx';
import { differencesOf } from './differences.ts';

/** What two machines decided differently at start-up, and what their kernels were compiled with. */
export function ComparedMachines({ a, b }: { readonly a: Mmu; readonly b: Mmu }) {
  const { masks, layout, reserved, variants, functions, built } = useMemo(() => differencesOf(a, b), [a, b]);
  return (
    <>
      <h3>Masks</h3>
      <DifferenceTable
        what="Mask"
        title="Masks that differ"
        differences={masks}
        none="No difference: both machines choose the same masks."
      />
      <h3>Layout</h3>
      <DifferenceTable
        what="Constant"
        title="Constants of the layout that differ"
        differences={layout}
        none="No difference: both kernels have the same layout."
      />
      <h3>Reserved bits</h3>
      <DifferenceTable
        what="Entry"
        title="Reserved bits that differ"
        differences={reserved}
        none="No difference: both machines reserve the same bits at every level."
      />
      <h3>What the kernels do</h3>
      <DifferenceTable
        what="Rule"
        title="What the kernels do differently"
        differences={variants}
        none="No difference: nothing is known that these kernels do differently."
      />
      <DifferenceTable
        what="Function"
        title="Functions that only one of the kernels has"
        differences={functions}
        none="Both kernels have the same functions."
      />
      <h3>What the machines make</h3>
      <DifferenceTable
        what="Request"
        title="Requests of which the machines make different entries"
        differences={built}
        none="No difference: leaves, tables, splits, ageing and MMIO come to the same entries."
      />
    </>
  );
}
