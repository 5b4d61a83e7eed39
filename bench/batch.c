// SPDX-License-Identifier: GPL-2.0-only
// The loops of @spte/batch in C, for `pnpm bench` to compare with. Written for this purpose: one machine's masks come
// in as numbers, so that the compiler cannot fold them.
//
//   batch WORK FILE COUNT ROUNDS SAMPLES   prints ns per entry for each sample, then a checksum of the output
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint8_t u8;

// In the order in which bench/machine.ts writes them.
struct machine {
	u64 frozen, empty, mmu_present, mmio_mask, mmio_value, acc_track, ad_mask, ad_shift, ad_disabled;
	u64 rsvd_clear, rsvd_set, bad_mt_xwr, present, host_writable, mmu_writable, base_addr, guard, lower_gfn, max_gfn;
	u64 me_mask, me_value, never_set, no_meaning, no_meaning_mmio, mmio_access, gen_low, gen_low_shift, gen_high;
	u64 gen_high_shift, accessed, dirty, x, nx, user, memtype, nx_huge, saved;
};

enum { EMPTY, LEAF, TRACKED, TABLE, MMIO, FROZEN, UNKNOWN };
enum { PREFETCH = 1, NO_UNSYNC = 2, HOST_READONLY = 4, AD_OFF = 8, GUEST_MODE = 16 };

static int is_mmio(const struct machine *m, u64 e) { return (e & m->mmio_mask) == m->mmio_value; }
static u64 ad_type(const struct machine *m, u64 e) { return (e & m->ad_mask) >> m->ad_shift; }
static int is_tracked(const struct machine *m, u64 e)
{
	return ad_type(m, e) == m->ad_disabled && (e & m->acc_track) == 0;
}

static int kind_of(const struct machine *m, u64 e, int level)
{
	if (e == m->frozen) return FROZEN;
	if (e & m->mmu_present) {
		if (level != 1 && !(e & 0x80)) return TABLE;
		return m->acc_track && is_tracked(m, e) ? TRACKED : LEAF;
	}
	if (is_mmio(m, e)) return MMIO;
	return e == 0 || e == m->empty ? EMPTY : UNKNOWN;
}

struct columns { u8 *kind; u64 *frame; u8 *access, *flags; u32 *generation; };

static void decode_one(const struct machine *m, u64 e, int level, const struct columns *c, u64 i)
{
	int kind = kind_of(m, e, level);
	u64 frame = 0;
	u32 access = 0, flags = 0, generation = 0;
	if (kind == LEAF || kind == TRACKED || kind == TABLE) {
		u64 type = ad_type(m, e);
		int in_use = type != m->ad_disabled;
		frame = (e & m->base_addr) >> 12;
		access = (e & 1) | (e & 2) | ((e & (m->x | m->nx)) == m->x ? 4 : 0);
		flags = (u32)type << 6;
		flags |= (in_use && m->accessed ? (e & m->accessed) != 0 : !is_tracked(m, e)) ? 1 : 0;
		if (kind != TABLE) {
			flags |= (e & (in_use && m->dirty ? m->dirty : 2)) != 0 ? 2 : 0;
			flags |= e & m->host_writable ? 4 : 0;
			flags |= e & m->mmu_writable ? 8 : 0;
			flags |= e & 0x40 ? 32 : 0;
		}
		flags |= e & (m->me_mask | m->me_value) ? 16 : 0;
	} else if (kind == MMIO) {
		frame = ((e & m->lower_gfn) | ((e >> 5) & m->guard)) >> 12;
		access = e & m->mmio_access;
		generation = ((e & m->gen_low) >> m->gen_low_shift) | ((e & m->gen_high) >> m->gen_high_shift);
	}
	c->kind[i] = kind;
	c->frame[i] = frame;
	c->access[i] = access;
	c->flags[i] = flags;
	c->generation[i] = generation;
}

static u32 judge_one(const struct machine *m, u64 e, int level)
{
	int kind = kind_of(m, e, level);
	u32 found = 0;
	if (kind == UNKNOWN) return 1 << 8;
	if (kind == MMIO) {
		u64 gfn = ((e & m->lower_gfn) | ((e >> 5) & m->guard)) >> 12;
		if (m->guard & ~e) found |= 1 << 6;
		if (gfn > m->max_gfn) found |= 1 << 7;
		if (e & m->no_meaning_mmio) found |= 1 << 9;
	} else if (kind == LEAF || kind == TRACKED) {
		u64 rsvd = e & 0x80 ? m->rsvd_set : m->rsvd_clear, type = e & m->ad_mask;
		if (e & rsvd) found |= 1 << 0;
		if ((m->bad_mt_xwr >> ((e & 0x3f) | 7)) & 1) found |= 1 << 1;
		if ((m->bad_mt_xwr >> (e & 7)) & 1) found |= 1 << 2;
		if ((e & m->mmu_writable) && !(e & m->host_writable)) found |= 1 << 3;
		if ((e & 2) && !(e & m->mmu_writable)) found |= 1 << 4;
		if (is_mmio(m, e)) found |= 1 << 5;
		if (e & m->no_meaning & ~rsvd & ~(kind == TRACKED ? m->saved : 0)) found |= 1 << 9;
		if (e & m->never_set & ~rsvd) found |= 1 << 10;
		if (m->acc_track == 0 || type == m->ad_mask ? type : 0) found |= 1 << 11;
		if (m->present & ~(kind == TRACKED ? m->acc_track : 0) & ~e) found |= 1 << 12;
		if (e & m->me_mask & ~m->me_value) found |= 1 << 14;
	}
	return found;
}

static u64 encode_one(const struct machine *m, u64 pfn, u32 access, int level, u32 flags)
{
	u64 e = m->mmu_present;
	int unused = (flags & PREFETCH) && !(flags & NO_UNSYNC), in_use = !(flags & AD_OFF);
	if (flags & AD_OFF) e |= m->ad_disabled << m->ad_shift;
	e |= m->present;
	if (!unused && in_use) e |= m->accessed;
	if (level > 1 && m->nx_huge) access &= ~1u;
	e |= access & 1 ? m->x : m->nx;
	if (access & 4) e |= m->user;
	if (level > 1) e |= 0x80;
	e |= m->memtype;
	if (flags & HOST_READONLY) access &= ~2u;
	else e |= m->host_writable;
	e |= m->me_value | pfn << 12;
	if (access & 2) {
		e |= 2 | m->mmu_writable;
		if (in_use) e |= m->dirty;
	}
	if (unused) {
		if (ad_type(m, e) != m->ad_disabled) e &= ~m->accessed;
		else if (e & m->acc_track) {
			e |= (e & 5) << 54;
			e &= ~(m->acc_track | m->accessed);
		}
	}
	return e;
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static u32 sum_of(u32 sum, const void *data, u64 bytes)
{
	const u8 *p = data;
	for (u64 i = 0; i < bytes; i++) sum = (sum ^ p[i]) * 16777619u;
	return sum;
}

int main(int argc, char **argv)
{
	struct machine m;
	FILE *f = argc == 6 ? fopen(argv[2], "rb") : 0;
	u64 n = argc == 6 ? strtoull(argv[3], 0, 10) : 0;
	if (!f || fread(&m, sizeof m, 1, f) != 1) return 2;
	u64 *in = malloc(8 * n), *frame = calloc(n, 8);
	u8 *b0 = calloc(n, 1), *b1 = calloc(n, 1), *b2 = calloc(n, 1), *level = malloc(n), *access = malloc(n), *flags = malloc(n);
	u32 *words = calloc(n, 4), sum = 2166136261u;
	if (fread(in, 8, n, f) != n) return 2;
	int encode = !strcmp(argv[1], "encode");
	if (encode && (fread(access, 1, n, f) != n || fread(level, 1, n, f) != n || fread(flags, 1, n, f) != n)) return 2;
	struct columns c = { b0, frame, b1, b2, words };
	for (int s = 0; s < atoi(argv[5]); s++) {
		double start = now();
		for (int r = 0; r < atoi(argv[4]); r++) {
			if (encode) for (u64 i = 0; i < n; i++) frame[i] = encode_one(&m, in[i], access[i], level[i], flags[i]);
			else if (!strcmp(argv[1], "classify")) for (u64 i = 0; i < n; i++) b0[i] = kind_of(&m, in[i], 1);
			else if (!strcmp(argv[1], "decode")) for (u64 i = 0; i < n; i++) decode_one(&m, in[i], 1, &c, i);
			else for (u64 i = 0; i < n; i++) words[i] = judge_one(&m, in[i], 1);
			__asm__ volatile("" ::: "memory");
		}
		printf("%.4f ", (now() - start) / n / atoi(argv[4]));
	}
	sum = sum_of(sum, b0, n);
	sum = sum_of(sum, frame, 8 * n);
	sum = sum_of(sum, b1, n);
	sum = sum_of(sum, b2, n);
	sum = sum_of(sum, words, 4 * n);
	printf("%u\n", sum);
	return 0;
}
