/* Calls that succeed leave errno as it was, the very first one and in every thread. */
#define _GNU_SOURCE
#include "support.h"

/* No error has this number. */
#define SENTINEL 31337

#define KEEPS(call)                                                                       \
    do {                                                                                  \
        errno = SENTINEL;                                                                 \
        long keeps_result = (long)(call);                                                 \
        int keeps_errno = errno;                                                          \
        CHECK(keeps_result != -1);                                                        \
        CHECK_EQ(keeps_errno, SENTINEL);                                                  \
        printf("%s: errno kept\n", #call);                                                \
    } while (0)

static void send_one(void *msqid)
{
    send_text(*(int *)msqid, 1, "late");
}

static void *in_another_thread(void *msqid)
{
    struct message message = {.mtype = 1};
    KEEPS(msgsnd(*(int *)msqid, &message, 1, 0));
    KEEPS(msgrcv(*(int *)msqid, &message, TEXT_SIZE, 0, 0));
    return NULL;
}

int main(void)
{
    int msqid;
    struct message message = {.mtype = 1};
    struct msqid_ds ds;
    struct msginfo info;
    KEEPS(msqid = msgget(test_key(), IPC_CREAT | 0600));
    own_queue(msqid);
    KEEPS(msgget(test_key(), 0));
    KEEPS(msgsnd(msqid, &message, 10, 0));
    KEEPS(msgctl(msqid, IPC_STAT, &ds));
    KEEPS(msgctl(msqid, IPC_SET, &ds));
    KEEPS(msgctl(msqid, MSG_STAT, &ds));
    KEEPS(msgctl(0, IPC_INFO, (struct msqid_ds *)&info));
    KEEPS(msgctl(0, MSG_INFO, (struct msqid_ds *)&info));
    KEEPS(msgrcv(msqid, &message, TEXT_SIZE, 0, 0));

    when_asleep(send_one, &msqid);
    KEEPS(msgrcv(msqid, &message, TEXT_SIZE, 0, 0));
    helper_done();

    pthread_t thread;
    CHECK_EQ(pthread_create(&thread, NULL, in_another_thread, &msqid), 0);
    errno = SENTINEL;
    CHECK_EQ(pthread_join(thread, NULL), 0);
    CHECK_EQ(errno, SENTINEL);

    KEEPS(msgctl(msqid, IPC_RMID, NULL));
    return 0;
}
