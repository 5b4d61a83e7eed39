// SPDX-License-Identifier: GPL-2.0-only
/*
 * What trace.bench.ts compares with: a plain scanner of ftrace text, written by hand for the lines that it will see.
 * It puts the fields of each event into columns of 1024 rows, which are reused.
 *
 *   trace FILE         nanoseconds for the file, and its rows
 *   trace FILE check   a line for each form: event, number of fields, rows, hash of all values
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROWS = 1024, MOST_FIELDS = 16, CHUNK = 1 << 20 };

struct text {
	const char *at;
	uint32_t length;
};

/* How a field is held. */
enum kind { HEX, DEC, TEXT };

struct form {
	const char *event;
	int fields, rows;
	uint64_t total, hash;
	uint64_t line[ROWS], time[ROWS], cpu[ROWS], pid[ROWS];
	struct text task[ROWS];
	enum kind kind[MOST_FIELDS];
	union {
		uint64_t number[ROWS];
		struct text text[ROWS];
	} column[MOST_FIELDS];
};

static int checking;
static uint64_t line_number;

static uint64_t text_hash(struct text t)
{
	uint64_t h = 0;
	for (uint32_t i = 0; i < t.length; i++)
		h = h * 31 + (unsigned char)t.at[i];
	return h;
}

static void hash_rows(struct form *f)
{
	for (int r = 0; r < f->rows; r++) {
		uint64_t h = f->line[r];
		h = h * 1000003 + f->time[r];
		h = h * 1000003 + f->cpu[r];
		h = h * 1000003 + f->pid[r];
		h = h * 1000003 + text_hash(f->task[r]);
		for (int i = 0; i < f->fields; i++)
			h = h * 1000003 + (f->kind[i] == TEXT ? text_hash(f->column[i].text[r])
							      : f->column[i].number[r]);
		f->hash += h;
	}
}

static void flush(struct form *f)
{
	if (checking)
		hash_rows(f);
	f->total += f->rows;
	f->rows = 0;
}

static const unsigned char DIGIT[256] = {
	['0'] = 1, ['1'] = 2, ['2'] = 3, ['3'] = 4, ['4'] = 5, ['5'] = 6, ['6'] = 7, ['7'] = 8, ['8'] = 9, ['9'] = 10,
	['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* A step fails by returning NULL; nothing is read beyond the newline. */
static inline const char *lit(const char *p, const char *text, size_t length)
{
	return p && memcmp(p, text, length) == 0 ? p + length : NULL;
}

static inline const char *hex(const char *p, struct form *f, int i)
{
	if (!p)
		return NULL;
	if (p[0] == '0' && p[1] == 'x')
		p += 2;
	const char *start = p;
	uint64_t value = 0;
	for (int d; (d = DIGIT[(unsigned char)*p]); p++)
		value = value << 4 | (d - 1);
	f->kind[i] = HEX;
	f->column[i].number[f->rows] = value;
	return p == start ? NULL : p;
}

static inline const char *dec(const char *p, struct form *f, int i)
{
	if (!p)
		return NULL;
	int negative = *p == '-';
	p += negative;
	const char *start = p;
	uint64_t value = 0;
	for (; *p >= '0' && *p <= '9'; p++)
		value = value * 10 + (*p - '0');
	f->kind[i] = DEC;
	f->column[i].number[f->rows] = negative ? -value : value;
	return p == start ? NULL : p;
}

static inline const char *until(const char *p, struct form *f, int i, char end)
{
	if (!p)
		return NULL;
	const char *start = p;
	while (*p != end && *p != '\n' && *p != '\0')
		p++;
	f->kind[i] = TEXT;
	f->column[i].text[f->rows] = (struct text){ start, p - start };
	return p;
}

/* Several words, to what follows them. */
static inline const char *upto(const char *p, struct form *f, int i, const char *text, size_t length)
{
	if (!p)
		return NULL;
	const char *start = p;
	while (*p != '\n' && memcmp(p, text, length) != 0)
		p++;
	f->kind[i] = TEXT;
	f->column[i].text[f->rows] = (struct text){ start, p - start };
	return *p == '\n' ? NULL : p;
}

/* Another form of the event: what is read so far goes there. */
static inline struct form *moved(const struct form *from, struct form *to)
{
	for (int i = 0; i < from->fields && i < to->fields; i++) {
		to->kind[i] = from->kind[i];
		if (from->kind[i] == TEXT)
			to->column[i].text[to->rows] = from->column[i].text[from->rows];
		else
			to->column[i].number[to->rows] = from->column[i].number[from->rows];
	}
	return to;
}

static inline const char *flag(const char *p, const char *text, size_t length, struct form *f, int i)
{
	if (!p)
		return NULL;
	int is = memcmp(p, text, length) == 0;
	f->kind[i] = DEC;
	f->column[i].number[f->rows] = is;
	return is ? p + length : p;
}

#define LIT(s) p = lit(p, s, sizeof(s) - 1)
#define HEX(i) p = hex(p, f, i)
#define DEC(i) p = dec(p, f, i)
#define WORD(i) p = until(p, f, i, ' ')
#define PAREN(i) p = until(p, f, i, ')')
#define UPTO(s, i) p = upto(p, f, i, s, sizeof(s) - 1)
#define FLAG(s, i) p = flag(p, s, sizeof(s) - 1, f, i)

/* Forms, by number. */
#define FORMS(_)                                                                                                       \
	_(SET_SPTE, "kvm_mmu_set_spte", 5)                                                                             \
	_(MARK, "mark_mmio_spte", 4)                                                                                   \
	_(HANDLE, "handle_mmio_page_fault", 3)                                                                         \
	_(CHECK, "check_mmio_spte", 4)                                                                                 \
	_(FAST, "fast_page_fault", 8)                                                                                  \
	_(CHANGED, "kvm_tdp_mmu_spte_changed", 5)                                                                      \
	_(SPLIT, "kvm_mmu_split_huge_page", 4)                                                                         \
	_(REQUESTED, "kvm_mmu_spte_requested", 3)                                                                      \
	_(REQUESTED_ACCESS, "kvm_mmu_spte_requested", 4)                                                               \
	_(GET, "kvm_mmu_get_page", 13)                                                                                 \
	_(GET_PLUGIN, "kvm_mmu_get_page", 15)                                                                          \
	_(GET_RAW, "kvm_mmu_get_page", 6)                                                                              \
	_(ZAP, "kvm_mmu_prepare_zap_page", 12)                                                                         \
	_(ZAP_PLUGIN, "kvm_mmu_prepare_zap_page", 13)                                                                  \
	_(ZAP_RAW, "kvm_mmu_prepare_zap_page", 5)                                                                      \
	_(SYNC, "kvm_mmu_sync_page", 12)                                                                               \
	_(UNSYNC, "kvm_mmu_unsync_page", 12)                                                                           \
	_(WALK, "kvm_mmu_pagetable_walk", 3)                                                                           \
	_(ELEMENT, "kvm_mmu_paging_element", 2)                                                                        \
	_(WALK_ERROR, "kvm_mmu_walker_error", 2)                                                                       \
	_(ACCESSED, "kvm_mmu_set_accessed_bit", 1)                                                                     \
	_(DIRTY, "kvm_mmu_set_dirty_bit", 1)                                                                           \
	_(ZAP_ALL, "kvm_mmu_zap_all_fast", 2)                                                                          \
	_(EXIT, "kvm_exit", 7)                                                                                         \
	_(EXIT_REQUESTS, "kvm_exit", 8)                                                                                \
	_(EXIT_INFO, "kvm_exit", 5)                                                                                    \
	_(EXIT_PLUGIN, "kvm_exit", 4)                                                                                  \
	_(FAULT, "kvm_page_fault", 4)                                                                                  \
	_(FAULT_ADDRESS, "kvm_page_fault", 2)                                                                          \
	_(MMIO_SPTE, "kvm_mmio_spte", 2)                                                                               \
	_(TRACK_OLD, "kvm_acctrack_old", 2)                                                                            \
	_(TRACK_NEW, "kvm_acctrack_new", 2)                                                                            \
	_(CHANGED_PROBE, "kvm_changed_spte", 6)                                                                        \
	_(SVM_ROOT, "kvm_svm_root", 4)                                                                                 \
	_(VMX_ROOT, "kvm_vmx_root", 4)                                                                                 \
	_(EPTP, "kvm_eptp", 2)

enum form_number {
#define NUMBER(name, event, fields) name,
	FORMS(NUMBER) FORM_COUNT
};
static struct form forms[FORM_COUNT] = {
#define FORM(name, event_, fields_) [name] = { .event = event_, .fields = fields_ },
	FORMS(FORM)
};

struct header {
	struct text task;
	uint64_t time, cpu, pid;
};

static inline void add(struct form *f, const struct header *h)
{
	int r = f->rows;
	f->line[r] = line_number;
	f->time[r] = h->time;
	f->cpu[r] = h->cpu;
	f->pid[r] = h->pid;
	f->task[r] = h->task;
	if (++f->rows == ROWS)
		flush(f);
}

static inline const char *page(const char *p, struct form *f)
{
	LIT("sp gen "), DEC(0), LIT(" gfn "), HEX(1), LIT(" l"), DEC(2), LIT(" "), DEC(3), LIT("-byte q"), DEC(4);
	FLAG(" direct", 5), LIT(" "), WORD(6), FLAG(" invalid", 7), LIT(" "), WORD(8), LIT(" "), WORD(9);
	LIT(" root "), DEC(10), LIT(" "), WORD(11);
	return p;
}

static inline const char *plugin_page(const char *p, struct form *f, int i)
{
	DEC(i), LIT(" q"), DEC(i + 1), FLAG(" direct", i + 2), LIT(" "), WORD(i + 3), FLAG(" invalid", i + 4);
	LIT(" "), WORD(i + 5), LIT(" "), WORD(i + 6), LIT(" "), WORD(i + 7), FLAG(" smep", i + 8), FLAG(" smap", i + 9);
	FLAG(" smm", i + 10), LIT(" root "), DEC(i + 11), LIT(" "), WORD(i + 12);
	return p;
}

/* What a tracer prints that does not know better: all in decimal. */
static inline const char *raw_page(const char *p, struct form *f)
{
	LIT("[FAILED TO PARSE] mmu_valid_gen="), DEC(0), LIT(" gfn="), DEC(1), LIT(" role="), DEC(2);
	LIT(" root_count="), DEC(3), LIT(" unsync="), DEC(4);
	return p;
}

static inline const char *root(const char *p, struct form *f)
{
	LIT("("), PAREN(0), LIT(") vcpu="), HEX(1), LIT(" root="), HEX(2), LIT(" level="), DEC(3);
	return p;
}

/* The form before 6.1 and that of the plugin leave words out; since 6.14 there are requests. */
static inline const char *vcpu_exit(const char *p, struct form **found)
{
	struct form *f = *found;
	if (*p == 'r') {
		f = *found = &forms[EXIT_PLUGIN];
		LIT("reason "), UPTO(" rip ", 0), LIT(" rip "), HEX(1), LIT(" info "), HEX(2), LIT(" "), HEX(3);
		return p;
	}
	LIT("vcpu "), DEC(0), LIT(" reason "), UPTO(" rip ", 1), LIT(" rip "), HEX(2);
	if (p && memcmp(p, " info ", 6) == 0) {
		f = *found = moved(f, &forms[EXIT_INFO]);
		LIT(" info "), HEX(3), LIT(" "), HEX(4);
		return p;
	}
	LIT(" info1 "), HEX(3), LIT(" info2 "), HEX(4), LIT(" intr_info "), HEX(5), LIT(" error_code "), HEX(6);
	if (p && *p == ' ') {
		f = *found = moved(f, &forms[EXIT_REQUESTS]);
		LIT(" requests "), HEX(7);
	}
	return p;
}

static inline const char *skip(const char *p)
{
	while (*p == ' ')
		p++;
	return p;
}

/* The fields of an event; NULL when they are not there, or for another event. */
static const char *body(const char *name, size_t length, const char *p, struct form **found)
{
#define IS(number, text) (length == sizeof(text) - 1 && memcmp(name, text, length) == 0 && (f = &forms[number]))
	struct form *f = NULL;
	switch (name[length - 1] << 8 | length) {
	case 'e' << 8 | 16:
		if (IS(SET_SPTE, "kvm_mmu_set_spte")) {
			LIT("gfn "), HEX(0), LIT(" spte "), HEX(1), LIT(" ("), PAREN(2), LIT(") level "), DEC(3);
			LIT(" at "), HEX(4);
		} else if (IS(GET, "kvm_mmu_get_page")) {
			if (*p == 's')
				p = page(p, f), LIT(" "), WORD(12);
			else if (*p == '[')
				f = &forms[GET_RAW], p = raw_page(p, f), LIT(" created="), DEC(5);
			else {
				f = &forms[GET_PLUGIN];
				WORD(0), LIT(" sp gfn "), HEX(1), LIT(" "), p = p ? plugin_page(p, f, 2) : NULL;
			}
		} else if (IS(CHANGED_PROBE, "kvm_changed_spte")) {
			LIT("("), PAREN(0), LIT(") as_id="), DEC(1), LIT(" gfn="), HEX(2), LIT(" old_spte="), HEX(3);
			LIT(" new_spte="), HEX(4), LIT(" level="), DEC(5);
		}
		break;
	case 'e' << 8 | 14:
		if (IS(MARK, "mark_mmio_spte"))
			LIT("sptep:"), HEX(0), LIT(" gfn "), HEX(1), LIT(" access "), HEX(2), LIT(" gen "), HEX(3);
		break;
	case 't' << 8 | 22:
		if (IS(HANDLE, "handle_mmio_page_fault"))
			LIT("addr:"), HEX(0), LIT(" gfn "), HEX(1), LIT(" access "), HEX(2);
		else if (IS(ELEMENT, "kvm_mmu_paging_element"))
			LIT("pte "), HEX(0), LIT(" level "), DEC(1);
		break;
	case 'e' << 8 | 15:
		if (IS(CHECK, "check_mmio_spte")) {
			LIT("spte "), HEX(0), LIT(" kvm_gen "), HEX(1), LIT(" spte-gen "), HEX(2), LIT(" valid ");
			DEC(3);
		}
		break;
	case 't' << 8 | 15:
		if (IS(FAST, "fast_page_fault")) {
			LIT("vcpu "), DEC(0), LIT(" gva "), HEX(1), LIT(" error_code "), WORD(2), LIT(" sptep ");
			HEX(3), LIT(" old "), HEX(4), LIT(" new "), HEX(5), LIT(" spurious "), DEC(6);
			LIT(" fixed "), DEC(7);
		}
		break;
	case 'd' << 8 | 24:
		if (IS(CHANGED, "kvm_tdp_mmu_spte_changed")) {
			LIT("as id "), DEC(0), LIT(" gfn "), HEX(1), LIT(" level "), DEC(2), LIT(" old_spte "), HEX(3);
			LIT(" new_spte "), HEX(4);
		}
		break;
	case 'e' << 8 | 23:
		if (IS(SPLIT, "kvm_mmu_split_huge_page"))
			LIT("gfn "), HEX(0), LIT(" spte "), HEX(1), LIT(" level "), DEC(2), LIT(" errno "), DEC(3);
		break;
	case 'd' << 8 | 22:
		if (IS(REQUESTED, "kvm_mmu_spte_requested")) {
			LIT("gfn "), HEX(0), LIT(" pfn "), HEX(1), LIT(" level "), DEC(2);
			if (p && *p == ' ') {
				f = moved(f, &forms[REQUESTED_ACCESS]);
				LIT(" access "), HEX(3);
			}
		}
		break;
	case 'e' << 8 | 24:
		if (IS(ZAP, "kvm_mmu_prepare_zap_page")) {
			if (*p == 's')
				p = page(p, f);
			else if (*p == '[')
				f = &forms[ZAP_RAW], p = raw_page(p, f);
			else
				f = &forms[ZAP_PLUGIN], p = plugin_page(p, f, 0);
		}
		break;
	case 'e' << 8 | 17:
		if (IS(SYNC, "kvm_mmu_sync_page"))
			p = page(p, f);
		break;
	case 'e' << 8 | 19:
		if (IS(UNSYNC, "kvm_mmu_unsync_page"))
			p = page(p, f);
		break;
	case 'k' << 8 | 22:
		if (IS(WALK, "kvm_mmu_pagetable_walk"))
			LIT("addr "), HEX(0), LIT(" pferr "), HEX(1), LIT(" "), WORD(2);
		break;
	case 'r' << 8 | 20:
		if (IS(WALK_ERROR, "kvm_mmu_walker_error"))
			LIT("pferr "), HEX(0), LIT(" "), WORD(1);
		break;
	case 't' << 8 | 24:
		if (IS(ACCESSED, "kvm_mmu_set_accessed_bit"))
			LIT("gpa "), HEX(0);
		break;
	case 't' << 8 | 21:
		if (IS(DIRTY, "kvm_mmu_set_dirty_bit"))
			LIT("gpa "), HEX(0);
		break;
	case 't' << 8 | 20:
		if (IS(ZAP_ALL, "kvm_mmu_zap_all_fast"))
			LIT("kvm-mmu-valid-gen "), DEC(0), LIT(" used_pages "), HEX(1);
		break;
	case 't' << 8 | 8:
		if (IS(EXIT, "kvm_exit"))
			p = vcpu_exit(p, &f);
		break;
	case 't' << 8 | 14:
		if (IS(FAULT, "kvm_page_fault")) {
			if (*p == 'v') {
				LIT("vcpu "), DEC(0), LIT(" rip "), HEX(1), LIT(" address "), HEX(2);
				LIT(" error_code "), HEX(3);
			} else {
				f = &forms[FAULT_ADDRESS];
				LIT("address "), HEX(0), LIT(" error_code "), HEX(1);
			}
		}
		break;
	case 'e' << 8 | 13:
		if (IS(MMIO_SPTE, "kvm_mmio_spte"))
			LIT("("), PAREN(0), LIT(") spte="), HEX(1);
		break;
	case 'd' << 8 | 16:
		if (IS(TRACK_OLD, "kvm_acctrack_old"))
			LIT("("), PAREN(0), LIT(") old="), HEX(1);
		break;
	case 'w' << 8 | 16:
		if (IS(TRACK_NEW, "kvm_acctrack_new"))
			LIT("("), PAREN(0), LIT(") new="), HEX(1);
		break;
	case 't' << 8 | 12:
		if (IS(SVM_ROOT, "kvm_svm_root") || IS(VMX_ROOT, "kvm_vmx_root"))
			p = root(p, f);
		break;
	case 'p' << 8 | 8:
		if (IS(EPTP, "kvm_eptp"))
			LIT("("), PAREN(0), LIT(") eptp="), HEX(1);
		break;
	}
	*found = f;
	return f ? p : NULL;
}

/* `   task-pid  [cpu] flags  time: event: fields`; no flags in a report. */
static void scan_line(const char *p, const char *end)
{
	struct header h;
	p = skip(p);
	if (p == end || *p == '#')
		return;
	const char *bracket = memchr(p, '[', end - p);
	if (!bracket)
		return;
	const char *q = bracket;
	while (q > p && q[-1] == ' ')
		q--;
	uint64_t unit = 1;
	h.pid = 0;
	for (; q > p && q[-1] >= '0' && q[-1] <= '9'; q--, unit *= 10)
		h.pid += (q[-1] - '0') * unit;
	if (q == p || q[-1] != '-')
		return;
	h.task = (struct text){ p, q - 1 - p };
	h.cpu = 0;
	for (q = bracket + 1; *q >= '0' && *q <= '9'; q++)
		h.cpu = h.cpu * 10 + (*q - '0');
	if (*q != ']')
		return;
	q = skip(q + 1);
	if (*q < '0' || *q > '9') {
		while (*q > ' ')
			q++;
		q = skip(q);
	}
	h.time = 0;
	for (; (*q >= '0' && *q <= '9') || *q == '.'; q++)
		if (*q != '.')
			h.time = h.time * 10 + (*q - '0');
	if (*q != ':')
		return;
	const char *name = skip(q + 1);
	for (q = name; (*q >= 'a' && *q <= 'z') || *q == '_' || (*q >= '0' && *q <= '9'); q++)
		;
	if (*q != ':' || q == name)
		return;
	struct form *f;
	if (body(name, q - name, skip(q + 1), &f))
		add(f, &h);
}

int main(int argc, char **argv)
{
	static char buffer[2 * CHUNK + 64];
	int file = open(argc > 1 ? argv[1] : "", O_RDONLY);
	if (file < 0)
		return perror("trace"), 2;
	checking = argc > 2;
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	size_t kept = 0;
	for (ssize_t got; (got = read(file, buffer + kept, CHUNK)) > 0;) {
		char *p = buffer, *end = buffer + kept + got;
		for (char *newline; (newline = memchr(p, '\n', end - p)); p = newline + 1) {
			line_number++;
			scan_line(p, newline);
		}
		/* Texts of rows point into the buffer. */
		for (int i = 0; i < FORM_COUNT; i++)
			flush(&forms[i]);
		kept = end - p;
		memmove(buffer, p, kept);
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	uint64_t rows = 0;
	for (int i = 0; i < FORM_COUNT; i++) {
		struct form *f = &forms[i];
		rows += f->total;
		if (checking && f->total)
			printf("%s %d %" PRIu64 " %" PRIx64 "\n", f->event, f->fields, f->total, f->hash);
	}
	if (!checking)
		printf("%" PRIu64 " %" PRIu64 "\n",
		       (uint64_t)((b.tv_sec - a.tv_sec) * 1000000000ll + b.tv_nsec - a.tv_nsec), rows);
	return 0;
}
