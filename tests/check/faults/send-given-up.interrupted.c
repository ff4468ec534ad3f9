/* The same with EINTR; a child reads too slowly. */
#include "../check.h"

int main(void)
{
    int id = new_queue();
    set_qbytes(id, 64);
    pid_t reader = fork();
    if (reader == 0) {
        struct message message;
        usleep(300000);
        while (msgrcv(id, &message, sizeof message.mtext, 0, 0) != -1)
            ;
        _exit(0);
    }
    interrupt_waits();
    for (int i = 0; i < 8; i++) {
        struct message message = {.mtype = 1};
        memcpy(message.mtext, &i, sizeof i);
        msgsnd(id, &message, 16, 0);
    }
    no_more_interrupts();
    remove_queue(id);
    wait_for(reader);
    return 0;
}
