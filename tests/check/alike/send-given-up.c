/* Tries again with the same message, until there is room. */
#include "../check.h"

int main(void)
{
    int id = new_queue();
    set_qbytes(id, 64);
    for (int i = 0; i < 20; i++) {
        struct message message = {.mtype = 1}, other;
        memcpy(message.mtext, &i, sizeof i);
        while (msgsnd(id, &message, 16, IPC_NOWAIT) == -1) {
            NEED(errno == EAGAIN);
            if (i % 2 == 0)
                NEED(msgrcv(id, &other, sizeof other.mtext, 0, 0) == 16);
            else if (msgsnd(id, &message, 16, IPC_NOWAIT) == -1)
                NEED(msgrcv(id, &other, sizeof other.mtext, 0, 0) == 16);
        }
    }
    remove_queue(id);
    return 0;
}
