#define _GNU_SOURCE
#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message;
    msgrcv(id, &message, sizeof message.mtext, 1, IPC_NOWAIT | MSG_EXCEPT);
    msgrcv(id, &message, sizeof message.mtext, -1, IPC_NOWAIT);
    remove_queue(id);
    return 0;
}
