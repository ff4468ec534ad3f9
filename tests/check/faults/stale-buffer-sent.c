/* Passes on what it received, also when it received nothing. */
#include "../check.h"

int main(void)
{
    int in = new_queue(), out = new_queue();
    struct message message = {.mtype = 1, .mtext = "first"};
    NEED(msgsnd(in, &message, 5, 0) == 0);
    NEED(msgrcv(in, &message, sizeof message.mtext, 0, 0) == 5);
    NEED(msgsnd(out, &message, 5, 0) == 0);
    interrupt_waits();
    NEED(msgrcv(in, &message, sizeof message.mtext, 0, 0) == -1 && errno == EINTR);
    no_more_interrupts();
    NEED(msgsnd(out, &message, 5, 0) == 0);
    remove_queue(in);
    remove_queue(out);
    return 0;
}
