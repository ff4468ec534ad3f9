#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 0};
    for (int i = 0; i < 3; i++)
        NEED(msgsnd(id, &message, 5, 0) == -1);
    remove_queue(id);
    return 0;
}
