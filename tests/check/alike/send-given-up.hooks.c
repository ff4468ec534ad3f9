/* While there are hooks, nobody notes where a call was made. A wake-up that is dropped when the queue is
   full, and a message that is sent until it is taken, are at different places all the same. And what
   a hook answers in the queue's stead is sent for the program. */
#include "../check.h"

#include "../../../include/msgq.h"

#pragma weak msgq_hook_add
#pragma weak msgq_hook_remove

static int sends;

static int look_on(msgq_call *call, void *unused)
{
    (void)unused;
    sends += call->function == MSGQ_MSGSND;
    return 0;
}

static int takes_it(msgq_call *call, void *unused)
{
    (void)unused;
    call->result = 0;
    return call->function == MSGQ_MSGSND;
}

static void fill(int id)
{
    struct message message = {.mtype = 3};
    while (msgsnd(id, &message, 16, IPC_NOWAIT) == 0)
        ;
}

static int wake(int id)
{
    struct message wake_up = {.mtype = 1};
    return msgsnd(id, &wake_up, 8, IPC_NOWAIT);
}

static int work(int id, int number)
{
    struct message message = {.mtype = 2};
    memcpy(message.mtext, &number, sizeof number);
    return msgsnd(id, &message, 16, IPC_NOWAIT);
}

int main(void)
{
    int id = new_queue();
    struct message message;
    NEED(msgq_hook_add && msgq_hook_remove);
    set_qbytes(id, 64);
    fill(id);
    NEED(msgrcv(id, &message, 64, 0, 0) == 16);

    long hook = msgq_hook_add(look_on, NULL, NULL);
    NEED(hook > 0);
    NEED(work(id, 1) == 0);
    NEED(wake(id) == -1 && errno == EAGAIN);
    NEED(work(id, 2) == -1 && errno == EAGAIN);
    NEED(sends == 3);
    NEED(msgq_hook_remove(hook) == 0);
    NEED(msgrcv(id, &message, 64, 0, 0) == 16);

    NEED(work(id, 2) == 0);
    NEED(work(id, 3) == -1 && errno == EAGAIN);
    hook = msgq_hook_add(takes_it, NULL, NULL);
    NEED(hook > 0);
    NEED(work(id, 3) == 0);
    NEED(msgq_hook_remove(hook) == 0);
    NEED(work(id, 4) == -1 && errno == EAGAIN);
    remove_queue(id);
    return 0;
}
