/* Asks for more room each time, until there is enough; and for another type. */
#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    for (int i = 0; i < 5; i++) {
        NEED(msgsnd(id, &message, 50, 0) == 0);
        size_t size = 10;
        while (msgrcv(id, &message, size, 0, 0) == -1 && errno == E2BIG)
            size += 10;
    }
    NEED(msgsnd(id, &message, 50, 0) == 0);
    for (long type = -1; type <= 1; type++)
        NEED(msgrcv(id, &message, 20, type, 0) == -1 && errno == E2BIG);
    remove_queue(id);
    return 0;
}
