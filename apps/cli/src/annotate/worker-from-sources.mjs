// SPDX-License-Identifier: GPL-2.0-only
// What a worker runs where the command runs from its sources: a thread does not inherit tsx on every Node.
import { register } from 'tsx/esm/api';

register();
const { default: annotateTask } = await import('./annotate-worker.ts');
export default annotateTask;
