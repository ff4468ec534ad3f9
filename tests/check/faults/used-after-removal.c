#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    remove_queue(id);
    NEED(msgsnd(id, &message, 5, 0) == -1 && errno == EINVAL);
    return 0;
}
