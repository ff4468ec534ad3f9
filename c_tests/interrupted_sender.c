/* A signal with a handler ends a sleeping msgsnd with EINTR, SA_RESTART or not. */
#define _GNU_SOURCE
#include "support.h"

static volatile sig_atomic_t handled;
static pthread_t sleeper;

static void handler(int signal_number)
{
    handled += signal_number == SIGUSR1;
}

static void interrupt(void *unused)
{
    (void)unused;
    CHECK_EQ(pthread_kill(sleeper, SIGUSR1), 0);
}

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    struct message message = {.mtype = 1};
    sleeper = pthread_self();
    set_qbytes(msqid, 4);
    send_text(msqid, 1, "full");
    for (int i = 0; i < 2; i++) {
        struct sigaction action = {.sa_handler = handler, .sa_flags = i ? SA_RESTART : 0};
        CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
        printf("%s SA_RESTART\n", i ? "with" : "without");
        when_asleep(interrupt, NULL);
        FAILS(EINTR, msgsnd(msqid, &message, 1, 0));
        helper_done();
        CHECK_EQ(handled, i + 1);
    }
    CHECK_EQ(stat_of(msqid).msg_qnum, 1);
    printf("nothing was sent\n");
    return 0;
}
