#ifndef ADJ_DEPENDENCY_SCHEDULING_H
#define ADJ_DEPENDENCY_SCHEDULING_H

/// Tells the processor that the calling thread waits in a loop: an instruction that Swift cannot write.
static inline void adj_spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || defined(__arm__)
  __asm__ volatile("yield" ::: "memory");
#endif
}

/// The number of processors the calling thread may run on, 0 if the system does not say. In C because `cpu_set_t`'s
/// functions are macros, behind a feature test that the Swift overlays leave off.
int adj_processors_by_affinity(void);

#endif
