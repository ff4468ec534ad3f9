/* A thread asleep in msgrcv dies of pthread_cancel; its cleanup handlers run. */
#define _GNU_SOURCE
#include "support.h"

static int msqid;
static _Atomic pid_t sleeper;
static int cleaned;

static void clean(void *number)
{
    cleaned = cleaned * 10 + *(int *)number;
}

static void *sleep_in_call(void *unused)
{
    struct message message = {.mtype = 1};
    int one = 1, two = 2;
    pthread_cleanup_push(clean, &one);
    pthread_cleanup_push(clean, &two);
    sleeper = thread_id();
    msgrcv(msqid, &message, TEXT_SIZE, 0, 0);
    fprintf(stderr, "the call came back\n");
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return unused;
}

int main(void)
{
    msqid = new_queue(test_key(), 0600);
    for (int round = 0; round < 3; round++) {
        pthread_t thread;
        void *result;
        struct timespec deadline;
        sleeper = 0;
        cleaned = 0;
        CHECK_EQ(pthread_create(&thread, NULL, sleep_in_call, NULL), 0);
        WAIT_UNTIL(sleeper && asleep_in_call(getpid(), sleeper));
        CHECK_EQ(pthread_cancel(thread), 0);
        clock_gettime(CLOCK_REALTIME, &deadline);
        deadline.tv_sec += 10;
        CHECK_EQ(pthread_timedjoin_np(thread, &result, &deadline), 0);
        CHECK(result == PTHREAD_CANCELED);
        printf("canceled; cleanup handlers in order: %d\n", cleaned);
        CHECK_EQ(cleaned, 21);
        use_a_queue();
    }
    send_text(msqid, 1, "for the living");
    show_received(msqid, TEXT_SIZE, 0, 0);
    return 0;
}
