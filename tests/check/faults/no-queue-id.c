/* msgget failed, and nobody looked. */
#include "../check.h"

int main(void)
{
    struct message message = {.mtype = 1};
    int id = msgget(own_key(), 0);
    NEED(msgsnd(id, &message, 5, 0) == -1);
    return 0;
}
