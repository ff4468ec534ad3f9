/* There is no such queue; but the id could be one. */
#include "../check.h"

int main(void)
{
    struct message message = {.mtype = 1};
    NEED(msgsnd(0x7fffffff, &message, 5, 0) == -1);
    NEED(msgctl(-1, IPC_RMID, NULL) == -1);
    return 0;
}
