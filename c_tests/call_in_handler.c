/* A signal handler that interrupts a sleeping msgrcv makes calls of its own. */
#define _GNU_SOURCE
#include "support.h"

static int waited_on, other;
static pthread_t sleeper;
static int in_handler[5];

static void handler(int signal_number)
{
    struct message message = {.mtype = signal_number, .mtext = "from the handler"};
    struct msqid_ds ds;
    int saved = errno;
    in_handler[0] = msgsnd(other, &message, 16, IPC_NOWAIT);
    in_handler[1] = msgctl(other, IPC_STAT, &ds);
    in_handler[2] = (int)ds.msg_qnum;
    in_handler[3] = msgget(test_key(), 0) == waited_on;
    in_handler[4] = msgrcv(waited_on, &message, TEXT_SIZE, 0, IPC_NOWAIT) == -1;
    in_handler[4] = in_handler[4] && errno == ENOMSG;
    errno = saved;
}

static void interrupt(void *unused)
{
    (void)unused;
    CHECK_EQ(pthread_kill(sleeper, SIGUSR1), 0);
}

int main(void)
{
    waited_on = new_queue(test_key(), 0600);
    other = new_queue(second_test_key(), 0600);
    sleeper = pthread_self();
    struct sigaction action = {.sa_handler = handler};
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    struct message message;
    for (int i = 1; i <= 3; i++) {
        when_asleep(interrupt, NULL);
        FAILS(EINTR, msgrcv(waited_on, &message, TEXT_SIZE, 0, 0));
        helper_done();
        CHECK_EQ(in_handler[0], 0);
        CHECK_EQ(in_handler[1], 0);
        CHECK_EQ(in_handler[2], i);
        CHECK_EQ(in_handler[3], 1);
        CHECK_EQ(in_handler[4], 1);
        printf("the handler's calls gave what they should\n");
    }
    for (int i = 0; i < 3; i++)
        show_received(other, TEXT_SIZE, SIGUSR1, IPC_NOWAIT);
    return 0;
}
