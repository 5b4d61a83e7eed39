// SPDX-License-Identifier: GPL-2.0-only
import type { MachineErrors } from '../model/mmu.ts';

/** Stands where the result would be while the machine has inputs that cannot be used. */
export function NoMachine({ errors }: { readonly errors: MachineErrors }) {
  return (
    <section class="no-machine">
      <h3>No such machine</h3>
      <p>Nothing can be computed until the inputs of the machine are right:</p>
      <ul>
        {Object.entries(errors).map(([field, error]) => (
          <li key={field}>{error.startsWith(field) || field === 'form' ? error : `${field}: ${error}`}</li>
        ))}
      </ul>
    </section>
  );
}
