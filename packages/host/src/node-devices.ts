// SPDX-License-Identifier: GPL-2.0-only
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { CPUID_LEAVES, cpuidLine } from './cpuid.ts';
import { bearsOnMasks } from './kernel-log.ts';

/** Reads from an open device; null when it is missing or forbidden. */
function withDevice<T>(path: string, flags: number, read: (fd: number) => T): T | null {
  let fd: number;
  try {
    fd = openSync(path, flags);
  } catch {
    return null;
  }
  try {
    return read(fd);
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

/** More bytes than the longest record of the kernel log: a shorter read fails. */
const RECORD = 1 << 14;

/** Bytes of a log that are read, at most: the size of the largest ring buffer. */
const MAX_LOG = 1 << 24;

/** `priority,sequence,microseconds,flags;text`; lines that begin with a blank belong to the record before. */
const KMSG = /^\d{1,5},\d{1,20},(\d{1,18}),[^;]{0,64};(.*)$/;

/**
 * Reads the kernel log from `/dev/kmsg`, without waiting for more of it, as `dmesg` prints it. Of a live machine's log
 * only those lines are taken that say something about masks: the rest is private.
 *
 * @returns null when it cannot be read, or has lost its beginning and says nothing
 */
export function readKmsg(path: string): string | null {
  const log = withDevice(path, constants.O_RDONLY | constants.O_NONBLOCK, readToEnd);
  if (log === null) return null;
  const lines = log.split('\n').flatMap((record) => {
    const [, time = '', text = ''] = KMSG.exec(record) ?? [];
    return bearsOnMasks(text) ? [`[${seconds(time)}] ${text}\n`] : [];
  });
  return lines.length === 0 ? null : lines.join('');
}

function seconds(microseconds: string): string {
  const digits = microseconds.padStart(7, '0');
  return `${digits.slice(0, -6).padStart(5)}.${digits.slice(-6)}`;
}

/** Each read gives one record; the end of what there is, for a device, is an error. */
function readToEnd(fd: number): string {
  const pieces: Buffer[] = [];
  for (let length = 0; length < MAX_LOG; ) {
    const piece = Buffer.alloc(RECORD);
    const count = readRecord(fd, piece);
    if (count === 0) break;
    if (count === null) continue;
    pieces.push(piece.subarray(0, count));
    length += count;
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Bytes that were read; 0 at the end, null when the record was overwritten meanwhile. */
function readRecord(fd: number, bytes: Buffer): number | null {
  try {
    return readSync(fd, bytes, 0, bytes.length, null);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPIPE') return null;
    if (code === 'EAGAIN') return 0;
    throw error;
  }
}

/** Bytes of the answer to a leaf: EAX, EBX, ECX, EDX. */
const REGISTERS = 16;

/** Reads leaves of CPUID from `/dev/cpu/0/cpuid`, as `cpuid -r` prints them; null when that is missing or forbidden. */
export function readCpuid(path: string): string | null {
  return withDevice(path, constants.O_RDONLY, (fd) =>
    CPUID_LEAVES.map((leaf) => {
      const bytes = Buffer.alloc(REGISTERS);
      if (readSync(fd, bytes, 0, REGISTERS, leaf) !== REGISTERS) throw new Error('no such leaf');
      const register = (index: number): number => bytes.readUInt32LE(4 * index);
      return cpuidLine(leaf, [register(0), register(1), register(2), register(3)]);
    }).join(''),
  );
}
