/* A hook answers in the queues' stead: a message, an id, an error. The first answer counts. */
#define _GNU_SOURCE
#include "hooks.h"

static int asked_later;
static msgq_call after_call;

static int answer(msgq_call *call, void *data)
{
    (void)data;
    switch (call->function) {
    case MSGQ_MSGGET:
        call->result = 4711;
        return 1;
    case MSGQ_MSGRCV: {
        struct message *message = call->msgp;
        message->mtype = 99;
        memcpy(message->mtext, "invented", 8);
        call->result = 8;
        return 1;
    }
    case MSGQ_MSGSND:
        call->result = -1;
        call->error = EIDRM;
        return 1;
    default:
        return 0;
    }
}

static int answer_later(msgq_call *call, void *data)
{
    (void)data;
    CHECK_EQ(call->answered, call->function != MSGQ_MSGCTL);
    asked_later++;
    call->result = -1;
    call->error = EPERM;
    return 1;
}

static void after(const msgq_call *call, void *data)
{
    (void)data;
    after_call = *call;
}

int main(void)
{
    struct message message = {.mtype = 1, .mtext = "real"};
    int msqid = new_queue(test_key(), 0600);
    long first = new_hook(answer, after, NULL), second = new_hook(answer_later, NULL, NULL);

    errno = 77;
    GIVES(4711, msgget(IPC_PRIVATE, 0600));
    CHECK_EQ(after_call.result, 4711);
    CHECK_EQ(after_call.answered, 1);
    GIVES(8, msgrcv(msqid, &message, TEXT_SIZE, 0, 0));
    CHECK_EQ(errno, 77);
    CHECK_EQ(message.mtype, 99);
    CHECK(memcmp(message.mtext, "invented", 8) == 0);
    FAILS(EIDRM, msgsnd(msqid, &message, 8, 0));
    CHECK_EQ(after_call.result, -1);
    CHECK_EQ(after_call.error, EIDRM);
    /* Nobody reads these addresses: not the queues, and not who records the calls. */
    FAILS(EIDRM, msgsnd(msqid, (void *)8, 8, 0));
    FAILS(EPERM, msgctl(msqid, IPC_SET, (void *)8));
    CHECK_EQ(asked_later, 5);

    CHECK_EQ(hook_remove(first), 0);
    CHECK_EQ(hook_remove(second), 0);
    CHECK_EQ(stat_of(msqid).msg_qnum, 0);
    use_a_queue();
    return 0;
}
