/* Hooks come and go while threads make calls; what a removed one used is given back at once. */
#define _GNU_SOURCE
#include "hooks.h"
#include <sys/mman.h>

#define THREADS 3
#define ROUNDS 300

static _Atomic bool enough;
static _Atomic long calls, seen;

static int before(msgq_call *call, void *data)
{
    (void)call;
    /* A page of its own: a run that comes too late ends the program. */
    CHECK_EQ(*(volatile int *)data, 4711);
    seen++;
    return 0;
}

static void after(const msgq_call *call, void *data)
{
    (void)call;
    CHECK_EQ(*(volatile int *)data, 4711);
}

static void *make_calls(void *unused)
{
    while (!enough) {
        CHECK_EQ(msgctl(-1, IPC_RMID, NULL), -1);
        /* Not too many: every call may be recorded. */
        if (++calls % 1000 == 0)
            nap();
    }
    return unused;
}

static void *add_and_remove(void *unused)
{
    long page = sysconf(_SC_PAGESIZE);
    for (int round = 0; round < ROUNDS; round++) {
        int *data = mmap(NULL, (size_t)page, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(data != MAP_FAILED);
        *data = 4711;
        long hook = new_hook(before, after, data);
        CHECK_EQ(msgctl(-1, IPC_RMID, NULL), -1);
        while (hook_remove(hook) == 1)
            sched_yield();
        CHECK_EQ(munmap(data, (size_t)page), 0);
    }
    return unused;
}

int main(void)
{
    pthread_t callers[THREADS], changers[2];
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&callers[i], NULL, make_calls, NULL), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_create(&changers[i], NULL, add_and_remove, NULL), 0);
    for (int i = 0; i < 2; i++)
        CHECK_EQ(pthread_join(changers[i], NULL), 0);
    enough = true;
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(callers[i], NULL), 0);
    CHECK(calls > 0);
    /* Each changer has at least seen its own call. */
    CHECK(seen >= 2 * ROUNDS);
    long before_last = seen;
    use_a_queue();
    CHECK_EQ(seen, before_last);
    return 0;
}
