/* Calls that fail, and an engine that is whole. */
#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    remove_queue(id);
    NEED(msgctl(id, IPC_RMID, NULL) == -1 && errno == EINVAL);
    NEED(msgget(own_key(), 0) == -1 && errno == ENOENT);
    NEED(msgrcv(0x7fffffff, &message, 1, 0, IPC_NOWAIT) == -1 && errno == EINVAL);
    return 0;
}
