#include "CThreads.h"

#if defined(__linux__)
#include <sys/prctl.h>

void adj_sharpen_sleep(void) { (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); }
#else
void adj_sharpen_sleep(void) {}
#endif
