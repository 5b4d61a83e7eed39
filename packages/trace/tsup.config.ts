// SPDX-License-Identifier: GPL-2.0-only
import type { Options } from 'tsup';
import { library } from '../../tsup.base.ts';

const config: Options = { ...library, entry: { index: 'src/index.ts', dat: 'src/dat/index.ts' } };
export default config;
