// SPDX-License-Identifier: GPL-2.0-only
// What `npm test` asks of the API reference: the docstrings of all packages, read as one program, which takes a sixth
// of the time. Links between packages and those of READMEs are left to `pnpm run docs`.
import config, { packages, rules } from './typedoc.config.mjs';

export default {
  ...rules,
  entryPointStrategy: 'resolve',
  entryPoints: packages.map((folder) => `${folder}/src/index.ts`),
  tsconfig: 'tsconfig.libraries.json',
  packagesRequiringDocumentation: packages.map((folder) => folder.replace('packages/', '@spte/')),
  readme: config.readme,
  treatWarningsAsErrors: config.treatWarningsAsErrors,
  // `typecheck` says which types are wrong.
  skipErrorChecking: true,
  emit: 'none',
};
