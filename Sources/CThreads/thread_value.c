#include "CThreads.h"

static _Thread_local void *value_of_thread;

void *adj_thread_value(void) { return value_of_thread; }
void adj_set_thread_value(void *value) { value_of_thread = value; }
