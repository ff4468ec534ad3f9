/* The queue is full now; the message fits when it is empty. */
#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    set_qbytes(id, 10);
    NEED(msgsnd(id, &message, 10, IPC_NOWAIT) == 0);
    NEED(msgsnd(id, &message, 10, IPC_NOWAIT) == -1 && errno == EAGAIN);
    NEED(msgrcv(id, &message, 10, 0, 0) == 10);
    set_qbytes(id, 20);
    NEED(msgsnd(id, &message, 20, IPC_NOWAIT) == 0);
    remove_queue(id);
    return 0;
}
