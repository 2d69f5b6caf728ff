#pragma once
#include <stdint.h>

/// Counts the objects that Swift's heap makes from now on, on any thread, by the hook the runtime has for tools.
void adj_count_swift_objects(void);

/// The objects made since.
uint64_t adj_stop_counting_swift_objects(void);

/// Writes the calls that made the first of them to a file descriptor, innermost first.
void adj_show_first_swift_object(int file);

/// The page faults of this process.
uint64_t adj_page_faults(void);
