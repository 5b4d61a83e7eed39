// SPDX-License-Identifier: GPL-2.0-only
import type { Options } from 'tsup';
import { library } from '../../tsup.base.ts';

const config: Options = {
  ...library,
  entry: { main: 'src/main.ts', 'annotate-worker': 'src/annotate/annotate-worker.ts' },
  dts: false,
  // Private: it is not on the registry.
  noExternal: ['@spte/conformance'],
};
export default config;
