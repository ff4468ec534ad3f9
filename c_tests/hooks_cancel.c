/* A thread is cancelled in the call, not in a hook; also where a hook answers all its calls. */
#define _GNU_SOURCE
#include "hooks.h"

static int msqid;
static _Atomic pid_t sleeper;
static _Atomic int befores, afters;
static _Atomic bool inside, leave;

static int before(msgq_call *call, void *data)
{
    (void)call;
    (void)data;
    befores++;
    return 0;
}

static void after(const msgq_call *call, void *data)
{
    (void)call;
    (void)data;
    afters++;
}

static int waits(msgq_call *call, void *data)
{
    (void)data;
    inside = true;
    while (!leave)
        /* A cancellation point, outside a hook. */
        nap();
    call->result = -1;
    call->error = EINTR;
    return 1;
}

static void *sleep_in_call(void *unused)
{
    struct message message;
    sleeper = thread_id();
    for (;;)
        CHECK_EQ(msgrcv(msqid, &message, TEXT_SIZE, 0, 0), -1);
    return unused;
}

static void is_cancelled(pthread_t thread)
{
    void *result;
    CHECK_EQ(pthread_cancel(thread), 0);
    leave = true;
    CHECK_EQ(pthread_join(thread, &result), 0);
    CHECK(result == PTHREAD_CANCELED);
}

int main(void)
{
    pthread_t thread;
    msqid = new_queue(test_key(), 0600);
    long hook = new_hook(before, after, NULL);
    CHECK_EQ(pthread_create(&thread, NULL, sleep_in_call, NULL), 0);
    WAIT_UNTIL(sleeper && asleep_in_call(getpid(), sleeper));
    is_cancelled(thread);
    CHECK_EQ(befores, 1);
    CHECK_EQ(afters, 0);
    CHECK_EQ(hook_remove(hook), 0);

    leave = false;
    hook = new_hook(waits, after, NULL);
    CHECK_EQ(pthread_create(&thread, NULL, sleep_in_call, NULL), 0);
    WAIT_UNTIL(inside);
    is_cancelled(thread);
    CHECK_EQ(afters, 0);
    CHECK_EQ(hook_remove(hook), 0);
    use_a_queue();
    return 0;
}
