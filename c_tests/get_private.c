/* IPC_PRIVATE makes a new queue each time, whatever the flags. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int flags[] = {0600, IPC_CREAT | 0600, IPC_EXCL | 0600, IPC_CREAT | IPC_EXCL | 0600};
    int msqids[4];
    for (int i = 0; i < 4; i++) {
        msqids[i] = msgget(IPC_PRIVATE, flags[i]);
        CHECK(msqids[i] != -1);
        own_queue(msqids[i]);
        for (int k = 0; k < i; k++)
            CHECK(msqids[k] != msqids[i]);
        CHECK_EQ(stat_of(msqids[i]).msg_perm.__key, IPC_PRIVATE);
    }
    printf("four calls, four queues, all with key 0\n");
    return 0;
}
