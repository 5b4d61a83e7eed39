#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
# What trace.bench.ts compares with: the fields of each event by regular expressions, nothing more.
#
#   trace.pl FILE         nanoseconds for the file, and its rows
#   trace.pl FILE check   a line for each form: event, number of fields, rows, hash of all values
use strict;
use warnings;
no warnings 'portable';
use Time::HiRes 'clock_gettime', 'CLOCK_MONOTONIC';

my $hex = '(?:0x)?([0-9a-f]+)';
my $dec = '(-?\d+)';
my $word = '(\S+)';
my $place = '\(([^)]*)\)';
my $page = "gen $dec gfn $hex l$dec $dec-byte q$dec( direct)? $word( invalid)? $word $word root $dec ([^\\s\\0]+)";
my $plugin = "$dec q$dec( direct)? $word( invalid)? $word $word $word( smep)?( smap)?( smm)? root $dec ([^\\s\\0]+)";

my $raw = "\\[FAILED TO PARSE\\] mmu_valid_gen=$dec gfn=$dec role=$dec root_count=$dec unsync=$dec";
my $exit = "vcpu $dec reason (.*?) rip $hex";

# By event: the expressions, and how each field is held (x hex, d decimal, w text, s whether it is there).
my %events = (
  kvm_mmu_set_spte => [[qr/^gfn $hex spte $hex $place level $dec at $hex/, 'xxwdx']],
  mark_mmio_spte => [[qr/^sptep:$hex gfn $hex access $hex gen $hex/, 'xxxx']],
  handle_mmio_page_fault => [[qr/^addr:$hex gfn $hex access $hex/, 'xxx']],
  check_mmio_spte => [[qr/^spte $hex kvm_gen $hex spte-gen $hex valid $dec/, 'xxxd']],
  fast_page_fault => [
    [qr/^vcpu $dec gva $hex error_code (\S*) sptep $hex old $hex new $hex spurious $dec fixed $dec/, 'dxwxxxdd'],
  ],
  kvm_tdp_mmu_spte_changed => [[qr/^as id $dec gfn $hex level $dec old_spte $hex new_spte $hex/, 'dxdxx']],
  kvm_mmu_split_huge_page => [[qr/^gfn $hex spte $hex level $dec errno $dec/, 'xxdd']],
  kvm_mmu_spte_requested => [
    [qr/^gfn $hex pfn $hex level $dec access $hex/, 'xxdx'],
    [qr/^gfn $hex pfn $hex level $dec/, 'xxd'],
  ],
  kvm_mmu_get_page => [
    [qr/^sp $page $word/, 'dxdddswswwdww'],
    [qr/^$word sp gfn $hex $plugin/, 'wxddswswwwsssdw'],
    [qr/^$raw created=$dec/, 'dddddd'],
  ],
  kvm_mmu_prepare_zap_page => [[qr/^sp $page/, 'dxdddswswwdw'], [qr/^$plugin/, 'ddswswwwsssdw'], [qr/^$raw/, 'ddddd']],
  kvm_mmu_sync_page => [[qr/^sp $page/, 'dxdddswswwdw']],
  kvm_mmu_unsync_page => [[qr/^sp $page/, 'dxdddswswwdw']],
  kvm_mmu_pagetable_walk => [[qr/^addr $hex pferr $hex (\S*)/, 'xxw']],
  kvm_mmu_paging_element => [[qr/^pte $hex level $dec/, 'xd']],
  kvm_mmu_walker_error => [[qr/^pferr $hex (\S*)/, 'xw']],
  kvm_mmu_set_accessed_bit => [[qr/^gpa $hex/, 'x']],
  kvm_mmu_set_dirty_bit => [[qr/^gpa $hex/, 'x']],
  kvm_mmu_zap_all_fast => [[qr/^kvm-mmu-valid-gen $dec used_pages $hex/, 'dx']],
  kvm_exit => [
    [qr/^$exit info1 $hex info2 $hex intr_info $hex error_code $hex requests $hex/, 'dwxxxxxx'],
    [qr/^$exit info1 $hex info2 $hex intr_info $hex error_code $hex/, 'dwxxxxx'],
    [qr/^$exit info $hex $hex/, 'dwxxx'],
    [qr/^reason (.*?) rip $hex info $hex $hex/, 'wxxx'],
  ],
  kvm_page_fault => [
    [qr/^vcpu $dec rip $hex address $hex error_code $hex/, 'dxxx'],
    [qr/^address $hex error_code $hex/, 'xx'],
  ],
  kvm_mmio_spte => [[qr/^$place spte=$hex/, 'wx']],
  kvm_acctrack_old => [[qr/^$place old=$hex/, 'wx']],
  kvm_acctrack_new => [[qr/^$place new=$hex/, 'wx']],
  kvm_changed_spte => [[qr/^$place as_id=$dec gfn=$hex old_spte=$hex new_spte=$hex level=$dec/, 'wdxxxd']],
  kvm_svm_root => [[qr/^$place vcpu=$hex root=$hex level=$dec/, 'wxxd']],
  kvm_vmx_root => [[qr/^$place vcpu=$hex root=$hex level=$dec/, 'wxxd']],
  kvm_eptp => [[qr/^$place eptp=$hex/, 'wx']],
);

my ($path, $check) = @ARGV;
open my $file, '<:raw', $path or die "$path: $!\n";
my ($start, $rows, %total, %hash) = (clock_gettime(CLOCK_MONOTONIC), 0);
LINE: while (<$file>) {
  /\d: +(\w+): */g or next;
  my $event = $1;
  my $forms = $events{$event} or next;
  my $body = pos;
  my ($task, $pid, $cpu, $seconds, $fraction) = /^ *(\S.*?)-(\d+) +\[(\d+)\] +(?:[^\s\d]\S* +)?(\d+)\.(\d+): / or next;
  for my $form (@$forms) {
    my @fields = substr($_, $body) =~ $form->[0] or next;
    $rows++;
    add($event, $form->[1], $task, $pid, $cpu, "$seconds$fraction", \@fields) if $check;
    next LINE;
  }
}
my $end = clock_gettime(CLOCK_MONOTONIC);
if ($check) {
  for (sort keys %total) {
    my ($event, $kinds) = split / /;
    printf "%s %d %d %x\n", $event, length $kinds, $total{$_}, $hash{$_};
  }
} else { printf "%d %d\n", ($end - $start) * 1e9, $rows }

sub text_hash {
  use integer;
  my $h = 0;
  $h = $h * 31 + $_ for unpack 'C*', $_[0];
  return $h;
}

sub add {
  use integer;
  my ($event, $kinds, $task, $pid, $cpu, $time, $fields) = @_;
  my $h = $.;
  $h = $h * 1000003 + $_ for $time, $cpu, $pid;
  $h = $h * 1000003 + text_hash($task);
  for my $i (0 .. length($kinds) - 1) {
    my ($kind, $value) = (substr($kinds, $i, 1), $fields->[$i]);
    $h = $h * 1000003
      + ($kind eq 'x' ? hex $value : $kind eq 'd' ? $value : $kind eq 's' ? (defined $value ? 1 : 0) : text_hash($value));
  }
  $total{"$event $kinds"}++;
  $hash{"$event $kinds"} = ($hash{"$event $kinds"} // 0) + $h;
}
