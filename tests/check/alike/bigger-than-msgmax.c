#define _GNU_SOURCE
#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct msginfo info;
    NEED(msgctl(0, IPC_INFO, (struct msqid_ds *)&info) != -1);
    size_t size = (size_t)info.msgmax;
    long *message = calloc(1, sizeof(long) + size);
    NEED(message);
    *message = 1;
    NEED(msgsnd(id, message, size, IPC_NOWAIT) == 0);
    /* For a receive there is no such limit. */
    NEED(msgrcv(id, message, size, 0, 0) == (ssize_t)size);
    NEED(msgrcv(id, message, size, 0, IPC_NOWAIT) == -1);
    free(message);
    remove_queue(id);
    return 0;
}
