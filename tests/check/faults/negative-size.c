/* The size is what a failed read returned. */
#include "../check.h"

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    ssize_t size = read(-1, message.mtext, sizeof message.mtext);
    NEED(msgsnd(id, &message, (size_t)size, 0) == -1);
    remove_queue(id);
    return 0;
}
