/* Calls that fail set errno, whatever was in it, and in their own thread only. */
#define _GNU_SOURCE
#include "support.h"

#define SETS(error, call)                                                                 \
    do {                                                                                  \
        int before[] = {0, 31337, EINTR};                                                 \
        for (int i = 0; i < 3; i++) {                                                     \
            errno = before[i];                                                            \
            long sets_result = (long)(call);                                              \
            int sets_errno = errno;                                                       \
            CHECK_EQ(sets_result, -1);                                                    \
            CHECK_EQ(sets_errno, error);                                                  \
        }                                                                                 \
        printf("%s: %s\n", #call, #error);                                                \
    } while (0)

static int msqid;

static void fail_in_every_way(void)
{
    struct message message = {.mtype = 0};
    struct msqid_ds ds;
    SETS(ENOENT, msgget(second_test_key(), 0));
    SETS(EEXIST, msgget(test_key(), IPC_CREAT | IPC_EXCL));
    SETS(EINVAL, msgsnd(msqid, &message, 1, 0));
    SETS(ENOMSG, msgrcv(msqid, &message, 1, 0, IPC_NOWAIT));
    SETS(EINVAL, msgctl(-1, IPC_STAT, &ds));
    SETS(EINVAL, msgctl(msqid, 4711, &ds));
}

static void *in_another_thread(void *unused)
{
    fail_in_every_way();
    return unused;
}

int main(void)
{
    msqid = new_queue(test_key(), 0600);
    fail_in_every_way();
    pthread_t thread;
    errno = 4242;
    CHECK_EQ(pthread_create(&thread, NULL, in_another_thread, NULL), 0);
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(errno, 4242);
    printf("what failed in another thread is not seen here\n");
    return 0;
}
