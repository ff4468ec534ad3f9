/* A child has its parent's hooks; what other threads of the parent ran is not run in it. */
#define _GNU_SOURCE
#include "hooks.h"

static int count;
static _Atomic bool inside, leave;
static long forker;

static int counts(msgq_call *call, void *data)
{
    (void)call;
    ++*(int *)data;
    return 0;
}

static int stays(msgq_call *call, void *data)
{
    (void)data;
    if (call->msqid != -77)
        return 0;
    inside = true;
    while (!leave)
        nap();
    return 0;
}

static void *goes_in(void *unused)
{
    CHECK_EQ(msgctl(-77, IPC_RMID, NULL), -1);
    return unused;
}

static int forks(msgq_call *call, void *data)
{
    (void)call;
    *(pid_t *)data = fork_child();
    if (*(pid_t *)data == 0)
        CHECK_EQ(hook_remove(forker), 1);
    return 0;
}

int main(void)
{
    long counter = new_hook(counts, NULL, &count), stayer = new_hook(stays, NULL, NULL);
    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, goes_in, NULL), 0);
    WAIT_UNTIL(inside);
    CHECK_EQ(count, 1);
    pid_t child = fork_child();
    if (child == 0) {
        use_a_queue();
        CHECK_EQ(count, 6);
        CHECK_EQ(hook_remove(stayer), 0);
        CHECK_EQ(hook_remove(counter), 0);
        use_a_queue();
        CHECK_EQ(count, 6);
        _exit(0);
    }
    CHECK_EQ(exit_status_of(child), 0);
    CHECK_EQ(hook_remove(stayer), 1);
    leave = true;
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(hook_remove(stayer), 0);
    CHECK_EQ(count, 1);

    pid_t made = -1;
    forker = new_hook(forks, NULL, &made);
    CHECK_EQ(msgctl(-1, IPC_RMID, NULL), -1);
    if (made == 0) {
        /* Back from the hook that made this process. */
        CHECK_EQ(hook_remove(forker), 0);
        CHECK_EQ(count, 2);
        use_a_queue();
        CHECK_EQ(count, 7);
        _exit(0);
    }
    CHECK_EQ(hook_remove(forker), 0);
    CHECK_EQ(exit_status_of(made), 0);
    CHECK_EQ(count, 2);
    return 0;
}
