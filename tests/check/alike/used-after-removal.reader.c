/* A reader that goes on until there is no queue any more: between two calls that is EINVAL. */
#include "../check.h"

int main(void)
{
    int id = new_queue();
    pid_t reader = fork();
    if (reader == 0) {
        struct message message;
        usleep(200000);
        while (msgrcv(id, &message, sizeof message.mtext, 0, 0) != -1)
            ;
        _exit(errno != EINVAL);
    }
    remove_queue(id);
    wait_for(reader);
    return 0;
}
