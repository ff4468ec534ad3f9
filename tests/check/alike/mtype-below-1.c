/* For msgrcv a type below 1 means something. */
#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    NEED(msgsnd(id, &message, 5, 0) == 0);
    NEED(msgrcv(id, &message, sizeof message.mtext, -3, 0) == 5);
    NEED(msgrcv(id, &message, sizeof message.mtext, 0, IPC_NOWAIT) == -1);
    remove_queue(id);
    return 0;
}
