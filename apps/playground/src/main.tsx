// SPDX-License-Identifier: GPL-2.0-only
import { render } from 'preact';

function App() {
  return (
    <main>
      <h1>SPTE playground</h1>
      <p>What KVM writes into a shadow page table entry, bit by bit.</p>
    </main>
  );
}

const container = document.querySelector('#app');
if (container === null) throw new Error('index.html has no element with the id "app"');
render(<App />, container);
