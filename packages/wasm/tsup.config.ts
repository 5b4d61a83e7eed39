// SPDX-License-Identifier: GPL-2.0-only
import type { Options } from 'tsup';
import { library } from '../../tsup.base.ts';

const config: Options = library;
export default config;
