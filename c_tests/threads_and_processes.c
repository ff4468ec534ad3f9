/* Threads of two processes send and receive on one queue: every message comes exactly once. */
#define _GNU_SOURCE
#include "support.h"
#include <sys/mman.h>

#define PROCESSES 2
#define THREADS 8
#define MESSAGES 2000
#define ALL (PROCESSES * THREADS * MESSAGES)

struct numbered {
    long mtype;
    int number;
    int same_again;
};

#define SIZE (sizeof(struct numbered) - sizeof(long))

static int msqid;
/* Shared: how often each message came. */
static _Atomic unsigned char *came;

/* Sends its own messages, and for each receives the oldest, whose ever it is. */
static void *send_and_receive(void *first)
{
    int number = (int)(intptr_t)first;
    for (int i = 0; i < MESSAGES; i++, number++) {
        struct numbered message = {.mtype = 1 + number % 5, .number = number,
                                   .same_again = ~number};
        CHECK_EQ(msgsnd(msqid, &message, SIZE, 0), 0);
        memset(&message, 0, sizeof message);
        CHECK_EQ(msgrcv(msqid, &message, SIZE, 0, 0), SIZE);
        CHECK_EQ(message.same_again, ~message.number);
        CHECK(message.number >= 0 && message.number < ALL);
        CHECK_EQ(message.mtype, 1 + message.number % 5);
        came[message.number]++;
    }
    return NULL;
}

static void run_threads(int process)
{
    pthread_t threads[THREADS];
    for (intptr_t i = 0; i < THREADS; i++) {
        void *first = (void *)((process * THREADS + i) * MESSAGES);
        CHECK_EQ(pthread_create(&threads[i], NULL, send_and_receive, first), 0);
    }
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
}

int main(void)
{
    int protection = PROT_READ | PROT_WRITE;
    came = mmap(NULL, ALL, protection, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(came != MAP_FAILED);
    msqid = new_queue(test_key(), 0600);
    pid_t pids[PROCESSES];
    for (int process = 0; process < PROCESSES; process++) {
        pids[process] = fork_child();
        if (pids[process] == 0) {
            run_threads(process);
            leave_child(0);
        }
    }
    for (int process = 0; process < PROCESSES; process++)
        CHECK_EQ(exit_status_of(pids[process]), 0);
    for (int number = 0; number < ALL; number++)
        CHECK_EQ(came[number], 1);
    struct msqid_ds ds = stat_of(msqid);
    CHECK_EQ(ds.msg_qnum, 0);
    CHECK_EQ(ds.__msg_cbytes, 0);
    printf("%d messages, each exactly once, and none is left\n", ALL);
    return 0;
}
