#define _GNU_SOURCE
#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message;
    msgrcv(id, &message, sizeof message.mtext, 0, IPC_NOWAIT | MSG_EXCEPT);
    remove_queue(id);
    return 0;
}
