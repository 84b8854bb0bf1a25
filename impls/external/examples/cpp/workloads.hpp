// What this client can do: each begins its calls, and has its loop run until they have ended.
#pragma once

#include "run.hpp"

void gather(Run& run);
void all_settled(Run& run);
void task_group(Run& run);
void first_completed(Run& run);
void timeout(Run& run);
void semaphore(Run& run);
void worker_pool(Run& run);
void retry(Run& run);
