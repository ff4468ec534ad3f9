/* The buffer gets a message of its own before it is sent. */
#include "../check.h"

int main(void)
{
    int in = new_queue(), out = new_queue();
    struct message message = {.mtype = 1, .mtext = "first"};
    interrupt_waits();
    NEED(msgrcv(in, &message, sizeof message.mtext, 0, 0) == -1 && errno == EINTR);
    no_more_interrupts();
    strcpy(message.mtext, "later");
    NEED(msgsnd(out, &message, 5, 0) == 0);
    remove_queue(in);
    remove_queue(out);
    return 0;
}
