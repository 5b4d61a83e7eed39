// SPDX-License-Identifier: GPL-2.0-only
// The API reference: `pnpm run docs` writes docs/api. A warning is an error.
import { OptionDefaults } from 'typedoc';

/** What holds for each package. */
export const rules = {
  excludeInternal: true,
  excludePrivate: true,
  // A clone may have no remote to link sources to, which would be a warning.
  disableSources: true,
  // Properties whose name says all need no sentence.
  requiredToBeDocumented: ['Enum', 'Variable', 'Function', 'Class', 'Interface', 'Method', 'TypeAlias'],
  validation: { notExported: true, invalidLink: true, invalidPath: true, notDocumented: true },
};

export const packages = [
  'packages/core',
  'packages/wasm',
  'packages/l1tf',
  'packages/mmio',
  'packages/vendor-vmx',
  'packages/vendor-svm',
  'packages/batch',
  'packages/errata',
  'packages/host',
  'packages/trace',
  'packages/story',
  'packages/kvm',
  'packages/vmcore',
  'packages/walk',
  'packages/plugin-kit',
  'packages/vectors',
];

export default {
  name: '@spte',
  entryPointStrategy: 'packages',
  entryPoints: packages,
  packageOptions: { ...rules, entryPoints: ['src/index.ts'], tsconfig: 'tsconfig.build.json' },
  out: 'docs/api',
  includeVersion: true,
  hideGenerator: true,
  githubPages: false,
  readme: 'docs/reference.md',
  treatWarningsAsErrors: true,
  highlightLanguages: [...OptionDefaults.highlightLanguages, 'python'],
};
