#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    NEED(msgsnd(id, &message, 5, MSG_NOERROR) == 0);
    remove_queue(id);
    return 0;
}
