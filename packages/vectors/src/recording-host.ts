// SPDX-License-Identifier: GPL-2.0-only
import { type Host, hex } from '@spte/core';
import type { Fields, JsonObject } from './vector.ts';

/** A host that answers from a vector's arguments and remembers what it was asked. */
export interface RecordingHost extends Host {
  readonly unsyncCalls: JsonObject[];
  /** gfns marked dirty. */
  readonly dirtied: string[];
  /** pfns passed on as accessed and as dirty. */
  readonly pfnAccessed: string[];
  readonly pfnDirty: string[];
  /** How often it was asked whether a pfn is valid. */
  readonly pfnQueries: () => number;
  /** The range of the last question to e820; empty before the first. */
  readonly e820Range: () => JsonObject;
  /** Whether host MMIO is known to be mapped, by the root or, without one, by the VM; and the requests it took. */
  readonly hostMmio: () => JsonObject;
}

/** Arguments that a function does not have are not to be asked for: reading them fails. */
export function recordingHost(args: Fields): RecordingHost {
  let pfnQueries = 0;
  let e820Range: JsonObject = {};
  let outsideGuestModeRequests = 0;
  let mmioMapped = args.has('hostMmioMapped') && args.flag('hostMmioMapped');
  const unsyncCalls: JsonObject[] = [];
  const dirtied: string[] = [];
  const pfnAccessed: string[] = [];
  const pfnDirty: string[] = [];
  return {
    unsyncCalls,
    dirtied,
    pfnAccessed,
    pfnDirty,
    pfnQueries: () => pfnQueries,
    e820Range: () => e820Range,
    pfnValid() {
      pfnQueries++;
      return args.flag('pfnValid');
    },
    isZeroPfn: () => args.flag('pfnIsZero'),
    isReservedPfn: () => args.flag('pfnReserved'),
    patEnabled: () => args.flag('patEnabled'),
    patImmuneUc: () => args.flag('patImmuneUc'),
    e820Ram(start, end) {
      e820Range = { e820Start: hex(start), e820End: hex(end) };
      return args.flag('e820Ram');
    },
    noncoherentDma: () => args.flag('noncoherentDma'),
    cr0Cd: () => args.flag('cr0Cd'),
    quirkCdNw: () => args.flag('quirkCdNw'),
    guestMtrr: () => args.u32('guestMtrr'),
    quirkIgnoreGuestPat: () => args.flag('quirkIgnoreGuestPat'),
    tryToUnsyncPages(gfn, canUnsync, prefetch) {
      const how = args.has('synchronizing') ? { synchronizing: !canUnsync } : { canUnsync };
      unsyncCalls.push({ gfn: hex(gfn), ...how, prefetch });
      return args.int('unsyncRet');
    },
    dirtyLog: () => args.flag('dirtyLog'),
    markPageDirty: (gfn) => dirtied.push(hex(gfn)),
    setPfnAccessed: (pfn) => pfnAccessed.push(hex(pfn)),
    setPfnDirty: (pfn) => pfnDirty.push(hex(pfn)),
    nxHugePagesDisabled: () => args.flag('disableNxHugePages'),
    canAccessHostMmio: () => mmioMapped,
    trackHostMmioMapping() {
      mmioMapped = true;
      outsideGuestModeRequests++;
    },
    hostMmio() {
      const dummy = args.flag('rootDummy');
      return {
        outsideGuestModeRequests,
        rootMmioMapped: mmioMapped && !dummy,
        vmMmioMapped: mmioMapped && dummy,
      };
    },
    memslotGeneration: () => args.u64('generation'),
  };
}
