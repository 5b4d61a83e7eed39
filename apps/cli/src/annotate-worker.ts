// SPDX-License-Identifier: GPL-2.0-only
import { appendFileSync, closeSync, openSync } from 'node:fs';
import { Readable } from 'node:stream';
import { annotateInput } from './commands/annotate.ts';
import { contextOf } from './context.ts';
import { outcomeOf } from './inputs.ts';
import type { Io } from './io.ts';
import { startSession } from './session.ts';
import type { Result, Task } from './workers.ts';

/** Annotates one input on a thread of its own. */
export default async function annotateTask({
  input,
  options,
  io: given,
  printed,
  read,
  index,
}: Task): Promise<Result> {
  const fd = openSync(printed, 'wx', 0o600);
  let complaints = '';
  const io: Io = {
    ...given,
    async write(text) {
      appendFileSync(fd, text);
      await Promise.resolve();
    },
    complain: (text) => {
      complaints += text;
    },
    stdin: Readable.from([]),
    errorTerminal: false,
    cores: 1,
  };
  const session = startSession(io);
  const progress = {
    read: (bytes: number): void => {
      read[index] = (read[index] ?? 0) + bytes;
    },
    done: () => undefined,
  };
  const annotate = async (): Promise<number> => {
    try {
      return await annotateInput(session, input, contextOf(io, options), options, progress);
    } finally {
      await session.out.flush();
    }
  };
  try {
    const outcome = await outcomeOf(annotate);
    return { ...outcome, complaints };
  } finally {
    closeSync(fd);
  }
}
