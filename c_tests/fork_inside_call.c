/* fork while other threads are inside calls: the child makes calls of its own. */
#define _GNU_SOURCE
#include "support.h"

#define SLEEPERS 3
#define BUSY 3

static int empty_queue, busy_queue;
static _Atomic pid_t sleeping[SLEEPERS];
static _Atomic bool enough;

static void *sleep_in_call(void *number)
{
    struct message message;
    sleeping[(intptr_t)number] = thread_id();
    CHECK_EQ(msgrcv(empty_queue, &message, TEXT_SIZE, 0, 0), 3);
    return NULL;
}

static void *call_and_call(void *number)
{
    struct message message = {.mtype = (intptr_t)number + 1};
    while (!enough) {
        CHECK_EQ(msgsnd(busy_queue, &message, 1, 0), 0);
        CHECK_EQ(msgrcv(busy_queue, &message, TEXT_SIZE, (intptr_t)number + 1, 0), 1);
    }
    return NULL;
}

static void *fork_here(void *unused)
{
    for (int i = 0; i < 20; i++) {
        pid_t pid = fork_child();
        if (pid == 0) {
            use_a_queue();
            /* And a child of the child. */
            pid_t grandchild = fork_child();
            if (grandchild == 0) {
                use_a_queue();
                leave_child(0);
            }
            CHECK_EQ(exit_status_of(grandchild), 0);
            use_a_queue();
            leave_child(0);
        }
        CHECK_EQ(exit_status_of(pid), 0);
    }
    return unused;
}

int main(void)
{
    pthread_t threads[SLEEPERS + BUSY], forker;
    empty_queue = new_queue(test_key(), 0600);
    busy_queue = new_queue(second_test_key(), 0600);
    for (intptr_t i = 0; i < SLEEPERS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, sleep_in_call, (void *)i), 0);
    for (intptr_t i = 0; i < BUSY; i++)
        CHECK_EQ(pthread_create(&threads[SLEEPERS + i], NULL, call_and_call, (void *)i), 0);
    for (int i = 0; i < SLEEPERS; i++)
        WAIT_UNTIL(sleeping[i] && asleep_in_call(getpid(), sleeping[i]));

    fork_here(NULL);
    printf("twenty children, and twenty of theirs, made their calls\n");
    CHECK_EQ(pthread_create(&forker, NULL, fork_here, NULL), 0);
    CHECK_EQ(pthread_join(forker, NULL), 0);
    printf("and as many that another thread has forked\n");

    for (int i = 0; i < SLEEPERS; i++)
        send_text(empty_queue, 1, "end");
    enough = true;
    for (int i = 0; i < SLEEPERS + BUSY; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    CHECK_EQ(stat_of(empty_queue).msg_qnum, 0);
    CHECK_EQ(stat_of(busy_queue).msg_qnum, 0);
    printf("the threads that were inside came out, and both queues are empty\n");
    return 0;
}
