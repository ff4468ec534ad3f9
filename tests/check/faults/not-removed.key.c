/* A queue that others could find, but that only this process has used. */
#include "../check.h"

int main(void)
{
    int id = msgget(own_key(), IPC_CREAT | 0600);
    struct message message = {.mtype = 1};
    NEED(msgsnd(id, &message, 5, 0) == 0);
    NEED(msgrcv(id, &message, sizeof message.mtext, 0, 0) == 5);
    printf("left %d\n", id);
    return 0;
}
