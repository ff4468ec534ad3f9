/* Sends numbers, and goes on with the next one whatever became of the last. */
#include "../check.h"

int main(void)
{
    int id = new_queue();
    set_qbytes(id, 64);
    for (int i = 0; i < 20; i++) {
        struct message message = {.mtype = 1};
        memcpy(message.mtext, &i, sizeof i);
        msgsnd(id, &message, 16, IPC_NOWAIT);
    }
    remove_queue(id);
    return 0;
}
