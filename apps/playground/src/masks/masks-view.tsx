// SPDX-License-Identifier: GPL-2.0-only
import type { Mmu } from '@spte/core';
import { bitText } from '../bits/bit-ranges.ts';
import { Caveats } from '../machine/caveats.tsx';
import { NoMachine } from '../machine/no-machine.tsx';
import { maskRows } from '../machine/registry.ts';
import { Warnings } from '../machine/warnings.tsx';
import type { ViewProps } from '../state/view-props.ts';
import { MaskStrip } from './mask-strip.tsx';

interface MasksViewProps extends Pick<ViewProps, 'computed'> {
  /** The machine of the preset, to compare with. */
  readonly preset: Mmu | null;
}

/** The registry: every mask, its value, and the step of the start-up that set it last. */
export function MasksView({ computed, preset }: MasksViewProps) {
  return (
    <section class="view" aria-labelledby="masks-title">
      <h2 id="masks-title" class="visually-hidden">
        Masks
      </h2>
      <p class="lead">
        What KVM decides at start-up and keeps in its <code>shadow_*_mask</code> globals, and the kernel
        function that set each of them last.
      </p>
      {computed.ok ? (
        <Registry mmu={computed.value} preset={preset} />
      ) : (
        <NoMachine errors={computed.errors} />
      )}
    </section>
  );
}

function Registry({ mmu, preset }: { readonly mmu: Mmu; readonly preset: Mmu | null }) {
  return (
    <>
      <Caveats mmu={mmu} />
      <h3>Start-up warnings</h3>
      <Warnings warnings={mmu.initWarnings} none="None: the kernel would not complain about this machine." />
      <h3>Registry</h3>
      <div class="table-scroll">
        <table class="mask-table">
          <caption class="visually-hidden">Masks of this machine</caption>
          <thead>
            <tr>
              <th scope="col">Mask</th>
              <th scope="col">Value</th>
              <th scope="col" class="only-wide">
                Bits
              </th>
              <th scope="col" class="only-wide">
                Set by
              </th>
            </tr>
          </thead>
          <tbody>
            {maskRows(mmu, preset).map(({ name, meaning, value, mask, setBy, presetValue }) => (
              <tr key={name} data-mask={name} class={mask === 0n ? 'is-zero' : undefined}>
                <th scope="row">
                  <code>{name}</code>
                  <p class="meaning">{meaning}</p>
                  <p class="meaning only-narrow">
                    set by <code>{setBy}</code>
                  </p>
                </th>
                <td class="mono value">
                  <span class="mask-value">{value}</span>
                  {mask !== null && mask !== 0n && <p class="meaning only-narrow">bits {bitText(mask)}</p>}
                  {presetValue !== null && <p class="changed">preset: {presetValue}</p>}
                </td>
                <td class="bits only-wide">
                  {mask !== null && (
                    <>
                      <MaskStrip mask={mask} />
                      <span class="mono">{bitText(mask)}</span>
                    </>
                  )}
                </td>
                <td class="only-wide">
                  <code>{setBy}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
