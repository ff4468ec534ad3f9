/* Calls that a hook makes, and those of a handler that interrupts it, go past all hooks. */
#define _GNU_SOURCE
#include "hooks.h"

static int befores, afters, handled;
static long removes_itself;

static void handler(int signal_number)
{
    int saved = errno;
    (void)signal_number;
    handled++;
    use_a_queue();
    errno = saved;
}

static int before(msgq_call *call, void *data)
{
    (void)call;
    (void)data;
    befores++;
    use_a_queue();
    CHECK_EQ(raise(SIGUSR1), 0);
    return 0;
}

static void after(const msgq_call *call, void *data)
{
    (void)call;
    (void)data;
    afters++;
    use_a_queue();
}

static int once(msgq_call *call, void *data)
{
    (void)call;
    ++*(int *)data;
    /* It is running, and it is this thread that runs it. */
    CHECK_EQ(hook_remove(removes_itself), 1);
    return 0;
}

int main(void)
{
    struct sigaction action = {.sa_handler = handler};
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    long hook = new_hook(before, after, NULL);
    FAILS(EINVAL, msgctl(-1, IPC_RMID, NULL));
    CHECK_EQ(befores, 1);
    CHECK_EQ(handled, 1);
    CHECK_EQ(afters, 1);
    /* Outside a hook, the handler's calls are calls as any. */
    CHECK_EQ(hook_remove(hook), 0);
    hook = new_hook(NULL, after, NULL);
    handler(0);
    CHECK_EQ(afters, 6);
    CHECK_EQ(hook_remove(hook), 0);

    int times = 0;
    removes_itself = new_hook(once, NULL, &times);
    FAILS(EINVAL, msgctl(-1, IPC_RMID, NULL));
    CHECK_EQ(hook_remove(removes_itself), 0);
    FAILS(EINVAL, msgctl(-1, IPC_RMID, NULL));
    CHECK_EQ(times, 1);
    return 0;
}
