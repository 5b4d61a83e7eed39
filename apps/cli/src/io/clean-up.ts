// SPDX-License-Identifier: GPL-2.0-only
import { setImmediate } from 'node:timers/promises';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Does some work, and cleans up after it however it ends: also when a signal ends the process, as it still does.
 * Signals are handled only when the work lets the process breathe: see {@link breathe}.
 *
 * @param cleanUp may be called more than once
 */
export async function cleaningUp<T>(cleanUp: () => void, work: () => Promise<T>): Promise<T> {
  const listen = (signal: NodeJS.Signals): void => void process.once(signal, interrupted);
  const ignore = (signal: NodeJS.Signals): void => void process.off(signal, interrupted);
  const interrupted = (signal: NodeJS.Signals): void => {
    cleanUp();
    SIGNALS.forEach(ignore);
    process.kill(process.pid, signal);
  };
  SIGNALS.forEach(listen);
  process.once('exit', cleanUp);
  try {
    return await work();
  } finally {
    process.off('exit', cleanUp);
    SIGNALS.forEach(ignore);
    cleanUp();
  }
}

/** Lets the process hear signals and timers during long work. */
export async function breathe(): Promise<void> {
  await setImmediate();
}
