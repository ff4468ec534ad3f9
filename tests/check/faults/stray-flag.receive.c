/* The permissions stand in the wrong call. */
#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message;
    msgrcv(id, &message, sizeof message.mtext, 0, IPC_NOWAIT | 0600);
    remove_queue(id);
    return 0;
}
