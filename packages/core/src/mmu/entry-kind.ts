// SPDX-License-Identifier: GPL-2.0-only

/** What a plugin names of its own: a kind, a finding, an outcome. Names of core have no slash. */
export type PluginName = `${string}/${string}`;

/** What core knows that an entry may be. */
export type CoreKind = 'leaf' | 'tracked' | 'table' | 'mmio' | 'frozen' | 'empty' | 'unknown';

/**
 * What an entry is: a mapping (`leaf`, or `tracked` while its permissions are taken away), a pointer to a lower
 * `table`, an `mmio` marker, `frozen` while a CPU changes it, `empty`, none of these (`unknown`), or a kind of a plugin's
 * own, `plugin/name`.
 */
export type SpteKind = CoreKind | PluginName;

/** Something for each kind of core's, and nothing for those of plugins. */
export type ByKind<T> = Readonly<Record<CoreKind, T> & { [own: PluginName]: undefined }>;

/** `error`: the CPU or KVM refuses the entry. `warning`: legal, but this kernel could not have written it. */
export type Severity = 'error' | 'warning';
