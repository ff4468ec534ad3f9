/* Sixty-four threads send and receive at once, each its own mtype; nothing is lost or mixed up. */
#define _GNU_SOURCE
#include "support.h"

#define THREADS 64
#define ROUNDS 60

static int msqid;
static pthread_barrier_t start;
static _Atomic long total;

static void *talk_to_myself(void *number)
{
    long mtype = (intptr_t)number + 1;
    pthread_barrier_wait(&start);
    for (int round = 0; round < ROUNDS; round++) {
        struct message message = {.mtype = mtype};
        int wanted[2] = {(int)mtype, round}, seen[2];
        memcpy(message.mtext, wanted, sizeof wanted);
        CHECK_EQ(msgsnd(msqid, &message, sizeof wanted, 0), 0);
        memset(&message, 0, sizeof message);
        CHECK_EQ(msgrcv(msqid, &message, TEXT_SIZE, mtype, 0), sizeof wanted);
        memcpy(seen, message.mtext, sizeof seen);
        CHECK_EQ(message.mtype, mtype);
        CHECK_EQ(seen[0], mtype);
        CHECK_EQ(seen[1], round);
        total++;
    }
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    msqid = new_queue(test_key(), 0600);
    CHECK_EQ(pthread_barrier_init(&start, NULL, THREADS), 0);
    for (intptr_t i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, talk_to_myself, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    struct msqid_ds ds = stat_of(msqid);
    printf("%ld messages sent and received, %lu left, %lu bytes left\n", total,
           (unsigned long)ds.msg_qnum, (unsigned long)ds.__msg_cbytes);
    CHECK_EQ(total, THREADS * ROUNDS);
    CHECK_EQ(ds.msg_qnum, 0);
    CHECK_EQ(ds.__msg_cbytes, 0);
    return 0;
}
