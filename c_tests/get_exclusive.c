/* IPC_CREAT with IPC_EXCL refuses a queue that exists; IPC_EXCL alone says nothing. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    int msqid = msgget(test_key(), IPC_CREAT | IPC_EXCL | 0600);
    CHECK(msqid != -1);
    own_queue(msqid);
    FAILS(EEXIST, msgget(test_key(), IPC_CREAT | IPC_EXCL | 0600));
    /* Existence is told before permissions are looked at. */
    FAILS(EEXIST, msgget(test_key(), IPC_CREAT | IPC_EXCL | 0777));
    CHECK_EQ(msgget(test_key(), IPC_EXCL | 0600), msqid);
    printf("IPC_EXCL alone finds the queue\n");
    FAILS(ENOENT, msgget(second_test_key(), IPC_EXCL | 0600));
    return 0;
}
