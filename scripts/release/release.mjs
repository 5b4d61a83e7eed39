// SPDX-License-Identifier: GPL-2.0-only
// Releases what is committed: `pnpm release`.
//
// It refuses a tree that must not be released, runs every check, which packs the tarballs, publishes these, and tags.
import { environment, pnpm, root, run } from '../pnpm.mjs';
import { publishAll } from './publish.mjs';
import { refusals } from './refusals.mjs';

/** @param {...string} words */
async function must(...words) {
  const code = await run(words);
  if (code !== 0) process.exit(code);
}

const reasons = refusals(root);
if (reasons.length > 0) {
  console.error(['not released:', ...reasons.map((reason) => `- ${reason}`)].join('\n'));
  process.exit(1);
}
await must(process.execPath, 'scripts/check.mjs');
publishAll(root, { provenance: environment['GITHUB_ACTIONS'] === 'true' });
await must(...pnpm(), 'exec', 'changeset', 'tag');
