/* A receive that a hook has answered is over. */
#include "../check.h"

#include "../../../include/msgq.h"

#pragma weak msgq_hook_add
#pragma weak msgq_hook_remove

static int nothing_there(msgq_call *call, void *unused)
{
    (void)unused;
    call->result = -1;
    call->error = ENOMSG;
    return call->function == MSGQ_MSGRCV;
}

int main(void)
{
    int id = new_queue();
    struct message message = {.mtype = 1};
    NEED(msgsnd(id, &message, 50, 0) == 0);
    NEED(msgq_hook_add && msgq_hook_remove);
    long hook = msgq_hook_add(nothing_there, NULL, NULL);
    NEED(hook > 0);
    NEED(msgrcv(id, &message, 20, 0, MSG_NOERROR | IPC_NOWAIT) == -1 && errno == ENOMSG);
    NEED(msgq_hook_remove(hook) == 0);
    NEED(msgrcv(id, &message, 20, 0, MSG_NOERROR) == 20);
    remove_queue(id);
    return 0;
}
