// SPDX-License-Identifier: GPL-2.0-only
import { describe } from '../bits/arguments.ts';

/**
 * A copy of this package. One installation may hold several, of different versions: what one made has masks, layouts and
 * formats as that version knows them, which another would read wrongly.
 */
export interface CoreCopy {
  /** A version of npm, such as `0.1.0`. */
  readonly version: string;
  /** The module that it was loaded from; not known of a bundle that is no module. */
  readonly url: string | undefined;
}

const { url } = import.meta as { readonly url?: string };

/** The copy of core that this is. A release writes the version; a test compares it with the manifest's. */
export const CORE: CoreCopy = { version: '0.0.0', url };

const nameOf = ({ version, url = 'an unknown place' }: CoreCopy): string => `${version} at ${url}`;

/**
 * Refuses what another version of core made: an MMU or a registry.
 *
 * Two copies of one version get along.
 *
 * @throws TypeError (`SPTE_TWO_CORES`) naming both versions and where each was loaded from; for what no core made, too
 */
export function checkCore(made: { readonly core: CoreCopy }): void {
  const core = (made as { readonly core?: CoreCopy } | null | undefined)?.core;
  if (core?.version === CORE.version) return;
  if (core === undefined) {
    throw new TypeError(`mmu must be what createMmu() of @spte/core makes, got ${describe(made)}`);
  }
  throw new TypeError(
    `SPTE_TWO_CORES: @spte/core ${nameOf(CORE)} was given what @spte/core ${nameOf(core)} made; ` +
      '`npm ls @spte/core` says who needs which',
  );
}
