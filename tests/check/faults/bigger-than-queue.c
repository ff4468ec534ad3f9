#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    set_qbytes(id, 10);
    NEED(msgsnd(id, &message, 11, IPC_NOWAIT) == -1 && errno == EAGAIN);
    remove_queue(id);
    return 0;
}
