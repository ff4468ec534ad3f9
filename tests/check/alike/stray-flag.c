/* All flags that the calls have. */
#define _GNU_SOURCE
#include "../check.h"

int main(void)
{
    struct message message = {.mtype = 1};
    int id = msgget(own_key(), IPC_CREAT | IPC_EXCL | 0666);
    NEED(msgsnd(id, &message, 5, IPC_NOWAIT) == 0);
    int flags = IPC_NOWAIT | MSG_NOERROR;
    NEED(msgrcv(id, &message, sizeof message.mtext, 1, flags | MSG_EXCEPT) == -1);
    msgrcv(id, &message, sizeof message.mtext, 0, flags | MSG_COPY);
    NEED(msgrcv(id, &message, sizeof message.mtext, 0, flags) == 5);
    remove_queue(id);
    return 0;
}
