// SPDX-License-Identifier: GPL-2.0-only
import type { ComponentChild } from 'preact';
import { useMemo } from 'preact/hooks';
import { BuildView } from '../build/build-view.tsx';
import { CompareView } from '../compare/compare-view.tsx';
import { LearnView } from '../learn/learn-view.tsx';
import { mmuOf } from '../machine/mmu.ts';
import { presetOf } from '../machine/presets.ts';
import { MasksView } from '../masks/masks-view.tsx';
import { ReadView } from '../read/read-view.tsx';
import { useHashState } from '../state/use-hash-state.ts';
import { LinkNotices } from './link-notices.tsx';
import { MachinePanel } from './machine-panel.tsx';
import { Navigation } from './navigation.tsx';

/** Goes to the content. No link: what is behind the # of the address is the state. */
function skip(): void {
  document.querySelector<HTMLElement>('#main')?.focus();
}

/** The page: a machine on one side, on the other what KVM does on it. */
export function App() {
  const [state, change] = useHashState();
  const { machine, preset } = state;
  const computed = useMemo(() => mmuOf(machine), [machine]);
  const ofPreset = useMemo(() => mmuOf(presetOf(preset).machine), [preset]);

  function view(): ComponentChild {
    switch (state.view) {
      case 'read':
        return <ReadView computed={computed} state={state} change={change} />;
      case 'build':
        return <BuildView computed={computed} state={state} change={change} />;
      case 'masks':
        return <MasksView computed={computed} preset={ofPreset.ok ? ofPreset.value : null} />;
      case 'compare':
        return <CompareView computed={computed} state={state} change={change} />;
      case 'learn':
        return <LearnView computed={computed} state={state} />;
    }
  }

  return (
    <>
      <button type="button" class="skip-link" onClick={skip}>
        Skip to the content
      </button>
      <header class="masthead">
        <div class="masthead-title">
          <h1>SPTE playground</h1>
          <p>What KVM writes into a shadow page table entry, bit by bit.</p>
        </div>
        <Navigation state={state} />
      </header>
      <div class="page">
        <MachinePanel computed={computed} state={state} change={change} />
        <main class="main" id="main" tabIndex={-1}>
          <LinkNotices />
          {view()}
        </main>
      </div>
      <footer class="foot">
        <p>
          Everything here is computed in this page by the <code>@spte</code> packages. Nothing is sent
          anywhere; the address of the page holds all that you entered.
        </p>
      </footer>
    </>
  );
}
