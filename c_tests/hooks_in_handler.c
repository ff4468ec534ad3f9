/* A signal handler adds hooks and removes them, whatever the thread that it interrupts is doing. */
#define _GNU_SOURCE
#include "hooks.h"

static _Atomic bool enough;
static volatile sig_atomic_t handled;
static _Atomic int seen;
static pthread_t interrupted;

static int before(msgq_call *call, void *data)
{
    (void)call;
    (void)data;
    seen++;
    return 0;
}

static void after(const msgq_call *call, void *data)
{
    (void)call;
    (void)data;
}

static void handler(int signal_number)
{
    int saved = errno;
    (void)signal_number;
    long hook = hook_add(before, after, NULL);
    CHECK(hook > 0);
    msgctl(-1, IPC_RMID, NULL);
    /* The interrupted thread may just be running it, and goes on only when this handler is over. */
    CHECK(hook_remove(hook) != -1);
    handled++;
    errno = saved;
}

static void *interrupt(void *unused)
{
    for (int i = 0; !enough; i++) {
        for (volatile int delay = 0; delay < i * 97 % 8192; delay++)
            ;
        int before_kill = handled;
        CHECK_EQ(pthread_kill(interrupted, SIGUSR1), 0);
        while (handled == before_kill && !enough)
            sched_yield();
    }
    return unused;
}

int main(void)
{
    struct sigaction action = {.sa_handler = handler};
    pthread_t thread;
    interrupted = pthread_self();
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    CHECK_EQ(pthread_create(&thread, NULL, interrupt, NULL), 0);
    /* Not for ever on a machine that seldom gets to interrupt: every call may be recorded. */
    for (int round = 0; round < 5000 || handled < 20; round++) {
        if (round >= 5000)
            nap();
        long hook = new_hook(before, after, NULL);
        CHECK_EQ(msgctl(-1, IPC_RMID, NULL), -1);
        CHECK_EQ(hook_remove(hook), 0);
    }
    enough = true;
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK(seen >= 5000);
    /* None is left. */
    int last = seen;
    use_a_queue();
    CHECK_EQ(seen, last);
    return 0;
}
