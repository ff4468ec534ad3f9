#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    interrupt_waits();
    while (msgsnd(id, &message, sizeof message.mtext, 0) == 0)
        ;
    NEED(errno == EINTR);
    remove_queue(id);
    return 0;
}
