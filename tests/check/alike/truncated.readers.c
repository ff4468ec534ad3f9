/* A message that fits is received, while another reader takes one and a smaller one is sent: a hook has
   this happen just then. */
#include "../check.h"

#include "../../../include/msgq.h"

#pragma weak msgq_hook_add

static int id;
static pthread_t receiver;

static void *take_one_and_send_less(void *unused)
{
    struct message message;
    NEED(msgrcv(id, &message, 56, 0, MSG_NOERROR) == 56);
    NEED(msgsnd(id, &message, 8, 0) == 0);
    return unused;
}

static int meanwhile(msgq_call *call, void *unused)
{
    (void)unused;
    if (call->function == MSGQ_MSGRCV && pthread_equal(pthread_self(), receiver)) {
        pthread_t other;
        NEED(pthread_create(&other, NULL, take_one_and_send_less, NULL) == 0);
        NEED(pthread_join(other, NULL) == 0);
    }
    return 0;
}

int main(void)
{
    struct message message = {.mtype = 1};
    id = new_queue();
    receiver = pthread_self();
    NEED(msgq_hook_add && msgq_hook_add(meanwhile, NULL, NULL) > 0);
    NEED(msgsnd(id, &message, 56, 0) == 0);
    NEED(msgsnd(id, &message, 56, 0) == 0);
    NEED(msgrcv(id, &message, 56, 0, MSG_NOERROR) == 56);
    remove_queue(id);
    return 0;
}
