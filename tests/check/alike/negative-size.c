#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    NEED(msgsnd(id, &message, 0, 0) == 0);
    NEED(msgrcv(id, &message, 0, 0, 0) == 0);
    remove_queue(id);
    return 0;
}
