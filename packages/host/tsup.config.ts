// SPDX-License-Identifier: GPL-2.0-only
import type { Options } from 'tsup';
import { library } from '../../tsup.base.ts';

const config: Options = { ...library, entry: ['src/index.ts', 'src/node.ts'] };
export default config;
