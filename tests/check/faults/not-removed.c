#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    NEED(msgsnd(id, &message, 5, 0) == 0);
    /* For the test, which removes it. */
    printf("left %d\n", id);
    return 0;
}
