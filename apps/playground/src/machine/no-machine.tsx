// SPDX-License-Identifier: GPL-2.0-only
import type { MachineErrors } from './mmu.ts';

interface NoMachineProps {
  /** Tells the machine from another one on the page. */
  readonly name?: string;
  readonly errors: MachineErrors;
}

/** Stands where the result would be while the machine has inputs that cannot be used. */
export function NoMachine({ name, errors }: NoMachineProps) {
  return (
    <section class="no-machine">
      <h3>No such machine{name === undefined ? '' : `: ${name}`}</h3>
      <p>Nothing can be computed until the inputs of the machine are right:</p>
      <ul>
        {Object.entries(errors).map(([field, error]) => (
          <li key={field}>{error.startsWith(field) || field === 'form' ? error : `${field}: ${error}`}</li>
        ))}
      </ul>
    </section>
  );
}
