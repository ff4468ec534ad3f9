/* msgget without IPC_CREAT finds no queue where none was made. */
#define _GNU_SOURCE
#include "support.h"

int main(void)
{
    FAILS(ENOENT, msgget(test_key(), 0));
    FAILS(ENOENT, msgget(test_key(), 0666));
    int msqid = new_queue(test_key(), 0600);
    CHECK_EQ(msgget(test_key(), 0), msqid);
    CHECK_EQ(msgctl(msqid, IPC_RMID, NULL), 0);
    FAILS(ENOENT, msgget(test_key(), 0));
    return 0;
}
