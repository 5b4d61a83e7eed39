// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it, vi } from 'vitest';
import { TRACE_EVENTS } from '../src/events/trace-events.ts';
import { createKernel } from '../src/wasm/kernel.ts';

describe('the kernel', () => {
  it('is what runs here', () => {
    expect(createKernel(1, true).exports).not.toBeNull();
    expect(createKernel(1, false).exports).toBeNull();
  });

  it('is not there where the runtime has no WebAssembly', () => {
    vi.stubGlobal('WebAssembly', undefined);
    expect(createKernel(1, true).exports).toBeNull();
    vi.unstubAllGlobals();
    expect(createKernel(1, true).exports).not.toBeNull();
  });

  it('finds the names of all events: not short, with a letter at their end', () => {
    for (const event of TRACE_EVENTS.keys()) expect(event).toMatch(/^[a-z_0-9]{7,}[a-z]$/);
  });
});
