#define _GNU_SOURCE
#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct msginfo info;
    NEED(msgctl(0, IPC_INFO, (struct msqid_ds *)&info) != -1);
    size_t size = (size_t)info.msgmax + 1;
    long *message = calloc(1, sizeof(long) + size);
    NEED(message);
    *message = 1;
    NEED(msgsnd(id, message, size, 0) == -1 && errno == EINVAL);
    free(message);
    remove_queue(id);
    return 0;
}
