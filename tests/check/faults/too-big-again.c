/* A loop that takes every failure for one that goes away by itself. */
#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    NEED(msgsnd(id, &message, 50, 0) == 0);
    for (int i = 0; i < 10; i++)
        NEED(msgrcv(id, &message, 20, 0, 0) == -1);
    remove_queue(id);
    return 0;
}
