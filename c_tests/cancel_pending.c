/* With a cancellation pending msgget and msgctl do their work; msgsnd and msgrcv end the thread. */
#define _GNU_SOURCE
#include "support.h"

static int msqid, calls_done;
static bool receives;

static void *call_when_canceled(void *unused)
{
    struct message message = {.mtype = 1};
    CHECK_EQ(pthread_cancel(pthread_self()), 0);
    CHECK_EQ(msgget(test_key(), 0), msqid);
    calls_done++;
    CHECK_EQ(stat_of(msqid).msg_perm.__key, test_key());
    calls_done++;
    if (receives)
        msgrcv(msqid, &message, TEXT_SIZE, 0, IPC_NOWAIT);
    else
        msgsnd(msqid, &message, 1, IPC_NOWAIT);
    calls_done++;
    return unused;
}

int main(void)
{
    msqid = new_queue(test_key(), 0600);
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        void *result;
        receives = i;
        calls_done = 0;
        CHECK_EQ(pthread_create(&thread, NULL, call_when_canceled, NULL), 0);
        CHECK_EQ(pthread_join(thread, &result), 0);
        CHECK(result == PTHREAD_CANCELED);
        printf("canceled in call number %d, which is %s\n", calls_done + 1,
               receives ? "msgrcv" : "msgsnd");
        CHECK_EQ(calls_done, 2);
    }
    use_a_queue();
    return 0;
}
