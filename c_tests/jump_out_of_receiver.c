/* A signal handler leaves a sleeping msgrcv with siglongjmp, as programs do for a timeout. */
#define _GNU_SOURCE
#include "support.h"
#include <setjmp.h>

static sigjmp_buf out;
static pthread_t sleeper;

static void handler(int signal_number)
{
    siglongjmp(out, signal_number);
}

static void interrupt(void *unused)
{
    (void)unused;
    CHECK_EQ(pthread_kill(sleeper, SIGUSR1), 0);
}

int main(void)
{
    int msqid = new_queue(test_key(), 0600);
    struct message message;
    sleeper = pthread_self();
    struct sigaction action = {.sa_handler = handler};
    CHECK_EQ(sigaction(SIGUSR1, &action, NULL), 0);
    for (volatile int i = 0; i < 3; i++) {
        if (sigsetjmp(out, 1) == 0) {
            when_asleep(interrupt, NULL);
            msgrcv(msqid, &message, TEXT_SIZE, 0, 0);
            CHECK(!"reached: the call came back");
        }
        helper_done();
        printf("out of the call\n");
        use_a_queue();
        send_text(msqid, 1, "not lost");
        show_received(msqid, TEXT_SIZE, 0, IPC_NOWAIT);
    }
    return 0;
}
