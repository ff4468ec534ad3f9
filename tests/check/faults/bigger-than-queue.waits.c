/* The same, where the call waits; the queue was made smaller after it was used. */
#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    NEED(msgsnd(id, &message, 11, 0) == 0);
    NEED(msgrcv(id, &message, 11, 0, 0) == 11);
    set_qbytes(id, 10);
    interrupt_waits();
    NEED(msgsnd(id, &message, 11, 0) == -1 && errno == EINTR);
    remove_queue(id);
    return 0;
}
